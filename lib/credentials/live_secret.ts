/**
 * A password or token in a file that is replaced while the program runs.
 *
 * @module
 */
import { Renewal, type RenewalOptions } from "./changed_files.ts";

/** Settings of a {@linkcode LiveSecret}. */
export interface LiveSecretOptions extends RenewalOptions {
  /** Reads the file; throws when there is nothing of use in it. */
  readonly read: () => string;
}

/** The secret in a file, as the file is now. */
export class LiveSecret {
  readonly #options: LiveSecretOptions;
  readonly #renewal: Renewal;
  #current: string;

  private constructor(path: string, options: LiveSecretOptions) {
    this.#options = options;
    this.#renewal = new Renewal([path], options);
    this.#current = options.read();
  }

  /** Reads it for the first time. @throws what `read` throws */
  static open(path: string, options: LiveSecretOptions): LiveSecret {
    return new LiveSecret(path, options);
  }

  /**
   * The secret in force. Looks at the file now and then; while that is of no
   * use, the last good one stays in force and the log says why.
   */
  current(): string {
    if (this.#renewal.isDue()) this.#renew();
    return this.#current;
  }

  #renew(): void {
    try {
      this.#current = this.#options.read();
      this.#renewal.succeeded();
    } catch (error) {
      this.#renewal.failed(error);
    }
  }
}
