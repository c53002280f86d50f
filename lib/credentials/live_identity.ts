/**
 * Certificates and keys that are kept up to date while the program runs.
 *
 * @module
 */
import { type Certificate, formatDn } from "../pki/mod.ts";
import {
  type Identity,
  type IdentityFiles,
  loadIdentity,
  loadRecipient,
} from "./identity.ts";
import { systemClock } from "../time/mod.ts";
import { Renewal, type RenewalOptions } from "./changed_files.ts";

/**
 * Identities before the one in force that still open messages: a sender goes on
 * encrypting to the old certificate until it is told of the new one.
 */
const EARLIER = 3;

/** The host's certificate and key, as their files are now. */
export class LiveIdentity {
  readonly #files: IdentityFiles;
  readonly #options: RenewalOptions;
  readonly #renewal: Renewal;
  #current: Identity;
  #earlier: readonly Identity[] = [];

  private constructor(files: IdentityFiles, options: RenewalOptions) {
    const { certificate, key, keyPassphraseFile: secret } = files;
    const paths = [certificate, key, ...(secret === undefined ? [] : [secret])];
    this.#files = files;
    this.#options = options;
    this.#renewal = new Renewal(paths, options);
    this.#current = this.#load();
  }

  /**
   * Reads certificate and key.
   *
   * @throws {SsmError} `CERTIFICATE` or `KEY` when they are not fit for use.
   */
  static open(files: IdentityFiles, options: RenewalOptions): LiveIdentity {
    return new LiveIdentity(files, options);
  }

  /**
   * The identity in force. Looks at its files now and then; while these are of
   * no use, the last good one stays in force and the log says why.
   */
  current(): Identity {
    if (this.#renewal.isDue()) this.#renew();
    return this.#current;
  }

  /** The identity in force and those before it, newest first. */
  forDecryption(): readonly Identity[] {
    return [this.current(), ...this.#earlier];
  }

  /** Looks at the files now because somebody says that they are complete. */
  reload(): void {
    if (this.#renewal.isDue(true)) this.#renew();
  }

  #load(): Identity {
    const { log, clock = systemClock } = this.#options;
    return loadIdentity(this.#files, {
      now: clock.date(),
      warn: (message) => log.warning(message),
    });
  }

  #renew(): void {
    try {
      this.#replace(this.#load());
      this.#renewal.succeeded();
    } catch (error) {
      this.#renewal.failed(error);
    }
  }

  #replace(renewed: Identity): void {
    const { certificate, key } = this.#current.keyPair;
    const same = renewed.keyPair.certificate === certificate &&
      renewed.keyPair.key === key;
    if (!same) {
      this.#earlier = [this.#current, ...this.#earlier].slice(0, EARLIER);
      this.#options.log.info(
        `Certificate and key have been replaced: ${
          described(renewed.certificate)
        }`,
      );
    }
    this.#current = renewed;
  }
}

/** Settings of a {@linkcode LiveRecipient}. */
export interface LiveRecipientOptions extends RenewalOptions {
  /** Throws when a certificate is not to be trusted. */
  readonly verify: (certificate: Certificate) => void | Promise<void>;
}

/** The certificate that messages are encrypted to, as its file is now. */
export class LiveRecipient {
  readonly #path: string;
  readonly #options: LiveRecipientOptions;
  readonly #renewal: Renewal;
  #current: Promise<Certificate>;

  private constructor(path: string, options: LiveRecipientOptions) {
    this.#path = path;
    this.#options = options;
    this.#renewal = new Renewal([path], options);
    this.#current = this.#load();
  }

  /**
   * Reads the certificate.
   *
   * @throws {SsmError} `CERTIFICATE` when it is not fit for use; what `verify` throws.
   */
  static async open(
    path: string,
    options: LiveRecipientOptions,
  ): Promise<LiveRecipient> {
    const recipient = new LiveRecipient(path, options);
    await recipient.#current;
    return recipient;
  }

  /** The certificate in force; what {@linkcode LiveIdentity.current} says holds here, too. */
  current(): Promise<Certificate> {
    if (this.#renewal.isDue()) this.#current = this.#renew(this.#current);
    return this.#current;
  }

  async #renew(before: Promise<Certificate>): Promise<Certificate> {
    const inForce = await before;
    try {
      const renewed = await this.#load();
      this.#renewal.succeeded();
      this.#options.log.info(
        `The certificate to encrypt to has been read again: ${
          described(renewed)
        }`,
      );
      return renewed;
    } catch (error) {
      this.#renewal.failed(error);
      return inForce;
    }
  }

  async #load(): Promise<Certificate> {
    const { verify, clock = systemClock } = this.#options;
    const certificate = loadRecipient(this.#path, clock.date());
    await verify(certificate);
    return certificate;
  }
}

function described({ subject, notAfter }: Certificate): string {
  return `${formatDn(subject)}, valid until ${notAfter.toISOString()}`;
}
