/**
 * Hearing of changes in a directory as they happen.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { SpoolWatch } from "../spool.ts";
import { lookAt } from "./files.ts";

/** Settings of a {@linkcode DirectoryWatch}. */
export interface DirectoryWatchOptions {
  /** Whether directories in it are watched, too. */
  readonly recursive: boolean;
  /** Is told, once, that changes cannot be seen. */
  readonly warn: (message: string) => void;
}

/**
 * Watches a directory, also one that is made later.
 *
 * The system may fail to tell of a change: in a burst, in a directory that was made
 * a moment ago, on a network file system. And the runtime (Deno 2.9) hears nothing of
 * a directory under a path at which another one was watched and removed. So this only
 * ever spares waiting.
 */
export class DirectoryWatch implements SpoolWatch {
  readonly #path: string;
  readonly #options: DirectoryWatchOptions;
  #watcher: Deno.FsWatcher | undefined;
  /** Which directory it is that is watched. */
  #identity: string | undefined;
  #pending = false;
  #wake = () => {};
  #warned = false;

  constructor(path: string, options: DirectoryWatchOptions) {
    this.#path = path;
    this.#options = options;
  }

  async changed(signal: AbortSignal): Promise<void> {
    this.#watch();
    if (!this.#pending && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
    this.#pending = false;
  }

  /** Begins to watch, unless that directory is watched already. */
  #watch(): void {
    try {
      const identity = identityOf(lookAt(this.#path));
      if (this.#watcher && identity === this.#identity) return;
      this[Symbol.dispose]();
      if (identity === undefined) return;
      const { recursive } = this.#options;
      this.#watcher = Deno.watchFs(this.#path, { recursive });
      this.#identity = identity;
      this.#listen(this.#watcher);
      // Something may have come since the last look.
      this.#pending = true;
    } catch (error) {
      this.#complain(error);
    }
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const _event of watcher) {
        this.#pending = true;
        this.#wake();
      }
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.warn(
      `Cannot watch "${this.#path}", so new files are noticed later: ${
        reason(error)
      }`,
    );
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

/** The number of a directory that is removed is given to the next. */
function identityOf(info: Deno.FileInfo | undefined): string | undefined {
  return info && [info.dev, info.ino, info.birthtime?.getTime()].join(" ");
}
