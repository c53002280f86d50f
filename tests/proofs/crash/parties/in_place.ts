/**
 * Who writes elements of a dirq under their own names, piece by piece, as
 * `prog > outgoing/20261127/20261127101112` does it.
 *
 * @module
 */
import { sleep, systemClock } from "../../../../lib/time/mod.ts";
import type { Random } from "../../../kit/random.ts";

/** What is written, and who is told. */
export interface InPlaceOptions {
  readonly random: Random;
  /** Told before the first byte is written. */
  begin(name: string, bytes: Uint8Array): void;
  makeContent(): Uint8Array;
}

const DIRECTORY = "20261127";

/** Elements that are written at the same time. */
const BURST = 4;

/** In how many pieces each is written, at least where it is long enough. */
const PIECES = 8;

/** How long the pause is, in ms: others look at the directory in the meantime. */
const PAUSE_MS = 8000;

/** Writes until it is disposed, and ends what it has begun. */
export class InPlaceWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #options: InPlaceOptions;
  readonly #names: string[] = [];
  readonly #writing: Promise<void>;
  readonly #over = new AbortController();

  constructor(path: string, options: InPlaceOptions) {
    this.#path = path;
    this.#options = options;
    this.#writing = this.#write();
    // Heard of on disposal.
    this.#writing.catch(() => {});
  }

  async #write(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await Promise.all(Array.from({ length: BURST }, () => this.#writeOne()));
      await this.#pause(PAUSE_MS);
    }
  }

  async #writeOne(): Promise<void> {
    const { random, begin, makeContent } = this.#options;
    const serial = String(this.#names.length).padStart(6, "0");
    const name = `${DIRECTORY}/${DIRECTORY}${serial}`;
    const bytes = makeContent();
    begin(name, bytes);
    this.#names.push(name);
    using file = this.#create(name);
    const length = Math.ceil(bytes.length / PIECES);
    for (let done = 0; done < bytes.length;) {
      done += file.writeSync(bytes.subarray(done, done + length));
      await this.#pause(random.from(0, 500));
    }
  }

  #create(name: string): Deno.FsFile {
    for (;;) {
      Deno.mkdirSync(`${this.#path}/${DIRECTORY}`, { recursive: true });
      try {
        return Deno.openSync(`${this.#path}/${name}`, {
          write: true,
          createNew: true,
        });
      } catch (error) {
        // A sender has just removed the directory, since it was empty.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(systemClock, ms, this.#over.signal);
  }

  /** Ends the element at hand, and lets time pass over all. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#writing;
    const then = new Date(Date.now() - 3_600_000);
    for (const name of this.#names) {
      try {
        Deno.utimeSync(`${this.#path}/${name}`, then, then);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error; // it was sent
      }
    }
  }
}
