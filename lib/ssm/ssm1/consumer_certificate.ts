/**
 * The certificate that an SSM1 producer encrypts to: wherever it comes from, it
 * is believed only after it is verified.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import {
  type Certificate,
  dnSpellings,
  formatDn,
  readCertificates,
  type Verdict,
} from "../../pki/mod.ts";
import type { Clock } from "../../stomp/mod.ts";

/** Whose certificate it must be, and whom to trust about that. */
export interface ConsumerIdentity {
  /** The consumer's DN, exactly. */
  readonly consumerDn: string;
  /** Does the certificate chain to the CA directory? */
  readonly trust: (certificate: Certificate) => Verdict | Promise<Verdict>;
}

/** Why a certificate is not the consumer's; `undefined` when it is. */
export async function refuseConsumer(
  certificate: Certificate,
  { consumerDn, trust }: ConsumerIdentity,
): Promise<string | undefined> {
  if (!dnSpellings(certificate.subject).includes(consumerDn)) {
    return `its DN is ${formatDn(certificate.subject)}, not ${consumerDn}`;
  }
  const verdict = await trust(certificate);
  return verdict.ok ? undefined : verdict.reason;
}

/** Settings of a {@linkcode ConsumerCertificate}. */
export interface ConsumerCertificateOptions extends ConsumerIdentity {
  /** How long it is used before it is asked for again, in ms. @default 86400000 (24 h) */
  readonly lifeMs?: number;
  readonly clock: Clock;
}

/** Larger than any certificate with its chain, in bytes. */
const MAX_PEM_BYTES = 64 << 10;

/** The certificate of now, if there is one. */
export class ConsumerCertificate {
  readonly #options: ConsumerCertificateOptions;
  #doubted = false;
  #held: { certificate: Certificate; since: number } | undefined;

  constructor(options: ConsumerCertificateOptions) {
    this.#options = options;
  }

  /** Whether there is one that need not be asked for again yet. */
  get fresh(): boolean {
    const { clock, lifeMs = 24 * 3_600_000 } = this.#options;
    return this.#held !== undefined && !this.#doubted &&
      clock.now() - this.#held.since < lifeMs;
  }

  /** The certificate. @throws {SsmError} `CERTIFICATE` when there is none */
  get current(): Certificate {
    if (this.#held) return this.#held.certificate;
    throw new SsmError(
      "CERTIFICATE",
      "Cannot encrypt message: the consumer has not sent its certificate",
    );
  }

  /** Doubts the one there is: it is to be asked for again. */
  doubt(): void {
    this.#doubted = true;
  }

  /**
   * Takes the certificate in an answer if it is the consumer's.
   *
   * @returns why not, if not
   */
  async offer(pem: Uint8Array): Promise<string | undefined> {
    const { clock } = this.#options;
    if (pem.length > MAX_PEM_BYTES) return `it has ${pem.length} bytes`;
    try {
      const [first, ...others] = readCertificates(pem);
      if (!first) return "there is none in it";
      // The originals answer with their file as it is: others may come first.
      const certificate = [first, ...others].find(({ subject }) =>
        dnSpellings(subject).includes(this.#options.consumerDn)
      ) ?? first;
      const why = await refuseConsumer(certificate, this.#options);
      if (why !== undefined) {
        return why;
      }
      this.#held = { certificate, since: clock.now() };
      this.#doubted = false;
      return undefined;
    } catch (error) {
      if (!isSsmError(error)) throw error;
      return reason(error);
    }
  }
}
