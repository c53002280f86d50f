/**
 * A receiver under test, and messages for it.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type Certificate,
  loadPrivateKey,
  readCertificates,
  TrustStore,
} from "../../lib/pki/mod.ts";
import type { Signer, WeakDigests } from "../../lib/smime/mod.ts";
import type { IncomingCarrier } from "../../lib/ssm/carrier.ts";
import {
  type Filed,
  type IncomingStreamOptions,
  type OpeningEnvelope,
  receive,
  receiveAndRetry,
  type ReceiveOptions,
  SmimeOpener,
  SmimeSealer,
  Ssm2IncomingCarrier,
  type UntrustedRetry,
} from "../../lib/ssm/mod.ts";
import { type Clock, type Endpoint, systemClock } from "../../lib/stomp/mod.ts";
import type { Credentials } from "../peers/openssl/openssl.ts";
import type { TestPki } from "./pki/test_pki.ts";
import { QUEUE, type Stage } from "./stage.ts";
import { text } from "./text.ts";

/** How a receiver differs from the default. */
export interface ReceiveChanges extends
  Partial<
    Pick<
      ReceiveOptions,
      "concurrency" | "incoming" | "reject" | "envelope"
    >
  >,
  Partial<Pick<IncomingStreamOptions, "prefetch" | "stopGraceMs">> {
  readonly destination?: string;
  /** For the waits between connections. @default the machine's */
  readonly connectClock?: Clock;
  /** What judges messages in reject again. @default nothing */
  readonly retry?: UntrustedRetry;
  /** For the waits between attempts to store. @default the machine's */
  readonly storeClock?: Clock;
}

/** Makes what a receiver receives with. */
export type MakeIncoming = (
  options: Omit<IncomingStreamOptions, "endpoints">,
) => IncomingCarrier;

/** A receiver that runs until it is stopped. */
export class RunningReceiver implements AsyncDisposable {
  /** What became of the messages, in order. */
  readonly filed: Filed[] = [];
  /** Settles when the receiver has ended. */
  readonly ended: Promise<void>;
  readonly #controller = new AbortController();
  #wake = Promise.withResolvers<void>();

  private constructor(
    stage: Stage,
    over: readonly Endpoint[] | MakeIncoming,
    changes: ReceiveChanges & Pick<ReceiveOptions, "incoming" | "reject">,
  ) {
    const {
      envelope = plainEnvelope,
      destination = QUEUE,
      connectClock = systemClock,
      storeClock = systemClock,
      prefetch,
      stopGraceMs,
      retry,
      ...rest
    } = changes;
    const { log } = stage;
    const connection = {
      ...{ destination, log, clock: connectClock },
      random: () => 0.5,
      ...(prefetch && { prefetch }),
      ...(stopGraceMs && { stopGraceMs }),
    };
    const carrier = typeof over === "function"
      ? over(connection)
      : new Ssm2IncomingCarrier({ ...connection, endpoints: over });
    const options: ReceiveOptions = {
      ...rest,
      carrier,
      envelope,
      log,
      clock: storeClock,
      signal: this.#controller.signal,
      onFiled: (filed) => {
        this.filed.push(filed);
        this.#wake.resolve();
      },
    };
    this.ended = retry ? receiveAndRetry(options, retry) : receive(options);
    this.ended.catch(() => this.#wake.resolve());
  }

  /** Opens the spools of `stage` and starts. */
  static async start(
    stage: Stage,
    over: readonly Endpoint[] | MakeIncoming,
    changes: ReceiveChanges = {},
  ): Promise<RunningReceiver> {
    const incoming = changes.incoming ?? await stage.delivery("incoming");
    const reject = changes.reject ?? await stage.delivery("reject");
    return new RunningReceiver(stage, over, {
      ...changes,
      incoming,
      reject,
    });
  }

  /** Aborted when it is to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits until so many messages are dealt with; returns what became of them. */
  async until(count: number): Promise<Filed["outcome"][]> {
    while (this.filed.length < count) {
      this.#wake = Promise.withResolvers();
      await Promise.race([
        this.#wake.promise,
        this.ended.then(() => assert.fail("the receiver has ended")),
      ]);
    }
    return this.filed.map(({ outcome }) => outcome);
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    this.#controller.abort();
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Accepts everything as it is, from `/CN=anybody`. */
export const plainEnvelope: OpeningEnvelope = {
  open: (payload) =>
    Promise.resolve({ status: "accepted", payload, signer: "/CN=anybody" }),
};

/** Like {@linkcode plainEnvelope}, but each text is opened only once it is released. */
export class GatedEnvelope implements OpeningEnvelope {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  readonly #arrivals = new Map<string, PromiseWithResolvers<void>>();

  async open(payload: Uint8Array) {
    const body = text(payload);
    one(this.#arrivals, body).resolve();
    await one(this.#gates, body).promise;
    return await plainEnvelope.open(payload);
  }

  /** Waits until that text is being opened. */
  arrival(body: string): Promise<void> {
    return one(this.#arrivals, body).promise;
  }

  release(...bodies: string[]): void {
    for (const body of bodies) one(this.#gates, body).resolve();
  }
}

function one(
  map: Map<string, PromiseWithResolvers<void>>,
  key: string,
): PromiseWithResolvers<void> {
  const existing = map.get(key);
  if (existing) return existing;
  const made = Promise.withResolvers<void>();
  map.set(key, made);
  return made;
}

/** A certificate and its key, loaded. */
export function signerOf({ certificatePem, keyPem }: Credentials): Signer {
  return {
    certificate: certificateOf({ certificatePem }),
    key: loadPrivateKey(keyPem),
  };
}

/** A certificate, loaded. */
export function certificateOf(
  { certificatePem }: Pick<Credentials, "certificatePem">,
): Certificate {
  return readCertificates(certificatePem)[0]!;
}

/** The sealed message of a payload. */
export async function sealed(
  payload: Uint8Array,
  signer: Credentials,
  recipient?: Credentials,
): Promise<Uint8Array> {
  return (await sealer(signer, recipient).seal(payload)).body;
}

/** Signs as `signer`, and encrypts to `recipient` if there is one. */
export function sealer(
  signer: Credentials,
  recipient?: Credentials,
): SmimeSealer {
  return new SmimeSealer({
    signer: () => signerOf(signer),
    recipient: recipient && (() => certificateOf(recipient)),
  });
}

/** How an opener differs from the default. */
export interface OpenerChanges {
  /** @default {["/C=UK/O=Test/CN=host.example.org", "/C=UK/O=Test/CN=ec.example.org"]} */
  readonly allowed?: readonly string[];
  /** @default the directory of the PKI */
  readonly caPath?: string;
  readonly checkCrls?: boolean;
  readonly allowWeakDigests?: WeakDigests;
  /** @default 256 MiB */
  readonly maxMessageBytes?: number;
}

/** What opens messages on the host `server` of the PKI. */
export function opener(
  { server, caPath: defaultCaPath }: TestPki,
  changes: OpenerChanges = {},
): SmimeOpener {
  const {
    caPath = defaultCaPath,
    allowed = ["host", "ec"].map((name) =>
      `/C=UK/O=Test/CN=${name}.example.org`
    ),
    checkCrls = false,
    allowWeakDigests = "none",
    maxMessageBytes = 1 << 28,
  } = changes;
  const trust = new TrustStore(caPath);
  return new SmimeOpener({
    recipients: () => [signerOf(server)],
    trust: (signer, others) =>
      trust.verify(signer, others, {
        checkCrls,
        allowWeakDigests: allowWeakDigests === "all" ? "all" : "none",
      }),
    isAllowed: (spellings) => spellings.some((dn) => allowed.includes(dn)),
    allowWeakDigests,
    maxMessageBytes,
  });
}
