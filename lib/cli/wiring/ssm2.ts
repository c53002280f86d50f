/**
 * The wiring of SSM2: a sender or a receiver from its file.
 *
 * The commands see spools, envelopes and carriers by their interfaces only.
 *
 * @module
 */
import { join } from "node:path";
import type { ReceiverConfig, SenderConfig } from "../../config/mod.ts";
import { SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { formatDn, type TrustStore } from "../../pki/mod.ts";
import {
  DirqSchema,
  DirqSimple,
  MarkedElements,
  type OutgoingSpool,
  PlainDirectory,
} from "../../spool/mod.ts";
import {
  type IncomingCarrier,
  type OutgoingCarrier,
  RETRY_FIELD,
  type SmimeOpener,
  SmimeSealer,
  UntrustedRetry,
} from "../../ssm/mod.ts";
import { systemClock } from "../../stomp/mod.ts";
import {
  LiveIdentity,
  LiveRecipient,
  openTrustStore,
} from "../../credentials/mod.ts";
import type { CarrierContext } from "./carriers/carrier_context.ts";
import { incomingCarrier, outgoingCarrier } from "./carriers/by_protocol.ts";
import { composeJudge } from "./judge.ts";

/** The name under which the originals log what happens at the broker. */
export const WIRE_LOG = "ssm.ssm2";

/** What the parts are made with. */
export interface ComposeContext {
  /** The program's; the parts that speak to a broker have one of their own, as the originals. */
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Is told which broker it is connected to. */
  readonly onConnection?: CarrierContext["onConnection"];
}

/** The parts of a sender. */
export interface SenderParts {
  readonly spool: OutgoingSpool;
  readonly envelope: SmimeSealer;
  readonly carrier: OutgoingCarrier;
}

/**
 * Makes a sender.
 *
 * @throws {SsmError} `CERTIFICATE`, `KEY`, `TRUST` when certificates are not fit.
 */
export async function composeSender(
  config: SenderConfig,
  { log, signal, onConnection }: ComposeContext,
): Promise<SenderParts> {
  const { certificates, messaging } = config;
  const wire = log.named(WIRE_LOG);
  const identity = LiveIdentity.open(certificates, { log });
  const trust = openTrustStore(
    certificates.capath,
    (words) => log.warning(words),
  );
  const carrier = outgoingCarrier(config, {
    ...{ identity, trust, log, wire, signal, onConnection },
  });
  const recipient = await chooseRecipient(config, { trust, log });
  log.info(`Messages will be signed using ${dnOf(identity)}`);
  return {
    spool: composeOutgoing(messaging, log),
    envelope: new SmimeSealer({
      signer: () => identity.current(),
      recipient: recipient && (() => recipient.current()),
      cipher: certificates.cipher,
    }),
    carrier,
  };
}

/**
 * The certificate that messages are encrypted to; `undefined` when they are not.
 *
 * @throws {SsmError} `CERTIFICATE`, `TRUST` when it is not fit.
 */
export async function chooseRecipient(
  { certificates }: Pick<SenderConfig, "certificates">,
  { trust, log }: { trust: TrustStore; log: Logger },
) {
  const { serverCert, verifyServerCert, checkCrls } = certificates;
  if (serverCert === undefined) {
    log.info("No server certificate supplied.  Will not encrypt messages.");
    return undefined;
  }
  const recipient = await LiveRecipient.open(serverCert, {
    log,
    verify: async (recipient) => {
      if (!verifyServerCert) return;
      const verdict = await trust.verify(recipient, [], { checkCrls });
      if (!verdict.ok) {
        throw new SsmError(
          "TRUST",
          `Failed to verify server certificate ${serverCert} against CA path ${certificates.capath}: ${verdict.reason}`,
        );
      }
    },
  });
  const { subject } = await recipient.current();
  log.info(`Messages will be encrypted using ${formatDn(subject)}`);
  return recipient;
}

/** What a sender sends from. */
export function composeOutgoing(
  messaging: SenderConfig["messaging"],
  log: Logger,
): OutgoingSpool {
  const { path, pathType, minFileAgeMs, maxLockMs, umask } = messaging;
  const directoryMode = 0o777 & ~umask;
  const warn = (message: string) => log.warning(message);
  if (pathType === "directory") {
    return new PlainDirectory(path, {
      minAgeMs: minFileAgeMs,
      maxLockMs,
      directoryMode,
      warn,
    });
  }
  const fileMode = 0o666 & ~umask;
  return new DirqSimple(path, {
    minAgeMs: minFileAgeMs,
    maxLockMs,
    fileMode,
    directoryMode,
    warn,
  });
}

/** The parts of a receiver. */
export interface ReceiverParts {
  readonly incoming: DirqSchema;
  readonly reject: DirqSchema;
  readonly envelope: SmimeOpener;
  readonly carrier: IncomingCarrier;
  /** What judges again; `undefined` when nothing does. */
  readonly retry: UntrustedRetry | undefined;
  /** Rereads the list of allowed DNs, certificate and key now. */
  reload(): Promise<void>;
}

/**
 * Makes a receiver.
 *
 * @throws {SsmError} `CERTIFICATE`, `KEY`, `TRUST`, `DN_LIST`, `SPOOL`.
 */
export async function composeReceiver(
  config: ReceiverConfig,
  { log, onConnection }: Omit<ComposeContext, "signal">,
): Promise<ReceiverParts> {
  const { certificates, messaging } = config;
  const wire = log.named(WIRE_LOG);
  const { identity, trust, dns, envelope } = await composeJudge(config, log);
  const carrier = incomingCarrier(config, {
    ...{ identity, trust, log, wire, onConnection },
  });
  const { retryUntrusted } = certificates;
  return {
    incoming: await composeIncoming("incoming", messaging),
    reject: await composeIncoming("reject", messaging),
    envelope,
    retry: retryUntrusted
      ? new UntrustedRetry({
        waiting: new MarkedElements(join(messaging.path, "reject"), {
          mark: RETRY_FIELD,
          directoryMode: 0o777 & ~messaging.umask,
        }),
        envelope,
        trustState: () => trust.state(),
        log: wire,
        clock: systemClock,
      })
      : undefined,
    carrier,
    reload: () => {
      identity.reload();
      return dns.reload();
    },
  };
}

/** A queue of a receiver. @throws {SsmError} `SPOOL` */
export async function composeIncoming(
  name: "incoming" | "reject",
  { path, umask, remembered }: ReceiverConfig["messaging"],
): Promise<DirqSchema> {
  return await DirqSchema.open(join(path, name), {
    ledgerDirectory: join(path, ".ssm-ledger", name),
    remembered,
    fileMode: 0o666 & ~umask,
    directoryMode: 0o777 & ~umask,
  });
}

function dnOf(identity: LiveIdentity): string {
  return formatDn(identity.current().certificate.subject);
}
