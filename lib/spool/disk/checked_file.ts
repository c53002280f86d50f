/**
 * A file that is sent and removed only as the one that it was when it was claimed.
 *
 * @module
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  read as readCallback,
  readSync,
} from "node:fs";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { type FileState, fileState } from "../../file_state.ts";
import type { Clock } from "../../time/mod.ts";
import { lookAt, touchNow } from "./files.ts";

const readSome = promisify(readCallback);

/** Up to so many bytes another thread would take longer to be asked than to read. */
const SMALL_BYTES = 1 << 16;

/** How often a file is read again because its time changed while it was read. */
const MAX_READS = 5;

/** Says that a file is not what it was: it is being written to, or another one is in its place. */
export class ChangedError extends Error {
  override name = "ChangedError";
}

/**
 * Guards one claimed file.
 *
 * A process that can write to a directory may change a file, or what its name stands
 * for, at any moment. So it is read through a descriptor that is proved to be that of
 * the claimed file, and it counts as sent only if it still is what was read.
 */
export class CheckedFile {
  readonly #clock: Clock;
  #state: FileState;
  /** Of the bytes that were read. */
  #checksum: number | undefined;
  /** Whether something may have been written that size and time do not show. */
  #timeIsSilent = false;

  /** @param claimed the file as it was claimed, links not followed */
  constructor(claimed: Deno.FileInfo, clock: Clock) {
    this.#clock = clock;
    this.#state = fileState(claimed);
  }

  /** In bytes, when it was claimed. */
  get size(): number {
    return this.#state.size;
  }

  /**
   * Its bytes.
   *
   * @param path any of its names
   * @throws {ChangedError} when it is another file, or somebody is writing to it.
   */
  async read(path: string): Promise<Uint8Array> {
    const { bytes, state } = await this.#readFrom(path);
    this.#checksum = crc32(bytes);
    this.#state = state;
    this.#timeIsSilent = false;
    return bytes;
  }

  /** Sets the time of the file to now; returns that time. */
  touch(path: string): number {
    // What a writer did before would be forgotten with its time.
    const before = lookAt(path);
    this.#timeIsSilent ||= before === undefined ||
      fileState(before).modified !== this.#state.modified;
    const now = touchNow(path, this.#clock);
    // File systems may keep times less exactly.
    const modified = fileState(Deno.lstatSync(path)).modified;
    this.#state = { ...this.#state, modified };
    return now;
  }

  /**
   * Gives the file a time that it had before `touch`, which tells when its content was
   * written; not when somebody has written to it since.
   */
  restoreTime(path: string, time: Date): void {
    const now = lookAt(path);
    if (!now || this.#timeIsSilent) return;
    if (fileState(now).modified !== this.#state.modified) return;
    Deno.utimeSync(path, time, time);
  }

  /**
   * Returns when the file at `path` is what was read, byte for byte.
   *
   * @throws {ChangedError} when it is not.
   */
  async check(path: string): Promise<void> {
    const now = fileState(Deno.lstatSync(path));
    this.#checkSame(now);
    if (now.modified === this.#state.modified && !this.#timeIsSilent) return;
    const { bytes } = await this.#readFrom(path);
    if (crc32(bytes) !== this.#checksum) throw beingWritten();
  }

  async #readFrom(
    path: string,
  ): Promise<{ bytes: Uint8Array; state: FileState }> {
    // Never waits for a writer, should there be a FIFO by now.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      let before = this.#stateOf(file);
      let checksum: number | undefined;
      for (let reads = 0; reads < MAX_READS; reads++) {
        const bytes = await readWhole(file, before.size);
        const state = this.#stateOf(file);
        if (state.modified === before.modified) return { bytes, state };
        // Another sender that tries to lock it sets its time, too: only the bytes
        // tell, which must be the same twice.
        if (crc32(bytes) === checksum) return { bytes, state };
        checksum = crc32(bytes);
        before = state;
      }
      throw beingWritten();
    } finally {
      closeSync(file);
    }
  }

  /** @throws {ChangedError} when the open file is not the claimed one. */
  #stateOf(file: number): FileState {
    const state = fileState(fstatSync(file));
    this.#checkSame(state);
    return state;
  }

  #checkSame({ dev, ino, size }: FileState): void {
    if (ino !== this.#state.ino || dev !== this.#state.dev) {
      throw new ChangedError("It is another file now");
    }
    if (size !== this.#state.size) throw beingWritten();
  }
}

/** @throws {ChangedError} when it is shorter than that. */
async function readWhole(file: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const rest = size - length;
    const more = size <= SMALL_BYTES
      ? readSync(file, bytes, length, rest, length)
      : (await readSome(file, bytes, length, rest, length)).bytesRead;
    if (more === 0) throw beingWritten();
    length += more;
  }
  return bytes;
}

function beingWritten(): ChangedError {
  return new ChangedError("It is being written to");
}
