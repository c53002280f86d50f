/**
 * The brokers of a configuration, ready to be connected to.
 *
 * @module
 */
import type { BrokerConfig } from "../../../config/mod.ts";
import { SsmError } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import { dial, type PeerVerifier } from "../../../net/mod.ts";
import {
  formatDn,
  isForHost,
  parseCertificate,
  type TrustStore,
} from "../../../pki/mod.ts";
import {
  connectThrough,
  type Endpoint,
  type StompMessage,
} from "../../../stomp/mod.ts";
import type { LiveIdentity, Trust } from "../../../credentials/mod.ts";
import { readPassword } from "../../command/text_file.ts";

/** What connections are made with. */
export interface EndpointContext {
  readonly identity: LiveIdentity;
  readonly trust: TrustStore;
  readonly log: Logger;
  readonly checkCrls: boolean;
  /** Largest body taken from the broker, in bytes. */
  readonly maxBodyBytes: number;
}

/**
 * One endpoint for each address, in order.
 *
 * @throws {SsmError} `CONFIG` when the file with the password cannot be read.
 */
export function composeEndpoints(
  config: BrokerConfig,
  context: EndpointContext,
): Endpoint[] {
  const passcode = config.passcode ??
    passcodeFrom(config.passcodeFile, context.log);
  return config.addresses.map(({ host, port }) => ({
    name: `${host}:${port}`,
    connect: async (signal) => {
      const { log } = context;
      log.info(`Established connection to ${host}, port ${port}`);
      const { connectTimeoutMs } = config;
      const tls = tlsOptions(config, context);
      return await connectThrough(
        (signal) => dial({ host, port, tls, connectTimeoutMs, signal }),
        {
          // None unless asked for, like the originals: RabbitMQ refuses a name
          // that it does not know, and every broker has a default.
          host: config.virtualHost ?? false,
          login: config.login,
          passcode,
          heartBeat: {
            sendMs: config.heartBeatMs,
            receiveMs: config.heartBeatMs,
          },
          connectTimeoutMs,
          receiptTimeoutMs: config.receiptTimeoutMs,
          limits: { maxBodyBytes: context.maxBodyBytes },
          trimMessages: true,
          onStrayReceipt: tellSome(
            log,
            (id: string) => `The broker confirmed what nobody sent: ${id}`,
          ),
          onUnhandled: tellSome(
            log,
            ({ destination }: StompMessage) =>
              `The broker sent a message of a subscription that nobody made: it is from ${destination}`,
          ),
        },
        signal,
      );
    },
  }));
}

/** Oddities of one kind on one connection that are logged: a broker must not fill the disk with them. */
const MAX_ODDITIES = 10;

/** Warns of what a broker does, the first few times. */
function tellSome<T>(
  log: Logger,
  words: (odd: T) => string,
): (odd: T) => void {
  let left = MAX_ODDITIES;
  return (odd) => {
    if (left === 0) return;
    const rest = --left === 0 ? "; further ones are not logged" : "";
    log.warning(`${words(odd)}${rest}`);
  };
}

/** How TLS is spoken with a broker; `undefined` when it is not. The log hears what is dangerous. */
export function tlsOptions(
  { useTls, verifyBroker }: BrokerConfig,
  context: Omit<EndpointContext, "maxBodyBytes">,
) {
  const { log, identity } = context;
  if (!useTls) {
    log.warning(
      "SSL connection not requested, your messages may be intercepted.",
    );
    return undefined;
  }
  log.info("Connecting using SSL...");
  if (!verifyBroker) {
    log.warning(
      "The broker's certificate is not verified (verify_broker = false): anybody may pose as the broker.",
    );
  }
  return {
    keyPair: identity.current().keyPair,
    verify: verifyBroker ? brokerVerifier(context) : "none" as const,
  };
}

/** Our own rules for the broker's certificate: CA directory, dates, CRLs, host name. */
export function brokerVerifier(
  { trust, checkCrls }: { readonly trust: Trust; readonly checkCrls: boolean },
): PeerVerifier {
  return async ({ leaf, others }, host) => {
    const certificate = parseCertificate(leaf);
    const verdict = await trust.verify(
      certificate,
      others.map(parseCertificate),
      { checkCrls, purpose: "serverAuth" },
    );
    if (!verdict.ok) {
      throw new SsmError(
        "TRUST",
        `Cannot trust broker ${host}: ${verdict.reason}`,
        {
          hint: verdict.missing?.what === "CRL"
            ? "run fetch-crl: the CRLs in capath are what is missing or out of date"
            : "put the CA of the broker's certificate into capath",
        },
      );
    }
    if (!isForHost(certificate, host)) {
      throw new SsmError(
        "TRUST",
        `Cannot trust broker ${host}: its certificate is for ${
          formatDn(certificate.subject)
        }`,
        { hint: "write the host as the certificate names it" },
      );
    }
  };
}

function passcodeFrom(
  path: string | undefined,
  log: Logger,
): string | undefined {
  return path === undefined ? undefined : readPassword({
    path,
    what: "Passcode file",
    danger: "they can log in to the broker as this host",
    key: "passcode_file",
  }, (words) => log.warning(words));
}
