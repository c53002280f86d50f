/**
 * Which messages are on disk though the service may send them again.
 *
 * What the service has not heard of comes with the next pull. A message that was saved
 * by this process is known then at once, whatever it looks like; after a crash it is
 * the spool that knows it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { PulledMessage } from "../../../ams/mod.ts";

/** More than any number of pulls leaves behind; the spool knows what is forgotten. */
const MOST = 10_000;

/** Saved, but not acknowledged as far as is known. */
export class SavedOffsets {
  /** What the messages are, by offset, the oldest entry first. */
  readonly #saved = new Map<bigint, string>();

  /** How many they are. */
  get size(): number {
    return this.#saved.size;
  }

  /** Whether this very message was saved; a topic that is made anew begins with the same offsets. */
  has(message: PulledMessage): boolean {
    const { offset } = message;
    return offset !== undefined && this.#saved.has(offset) &&
      this.#saved.get(offset) === identityOf(message);
  }

  add(message: PulledMessage): void {
    const { offset } = message;
    if (offset === undefined) return;
    this.#saved.set(offset, identityOf(message));
    const [oldest] = this.#saved.keys();
    if (this.#saved.size > MOST) this.#saved.delete(oldest!);
  }

  /** How many there are from `start` on and before `end`. */
  countBetween(start: bigint, end: bigint): number {
    return [...this.#saved.keys()]
      .filter((offset) => start <= offset && offset < end).length;
  }

  forgetAll(): void {
    this.#saved.clear();
  }

  /** Those up to this one do not come again. */
  forgetUpTo(last: bigint): void {
    for (const offset of [...this.#saved.keys()]) {
      if (offset <= last) this.#saved.delete(offset);
    }
  }
}

function identityOf({ publishTime, data }: PulledMessage): string {
  const bytes = "bytes" in data ? data.bytes : data.raw;
  const digest = createHash("sha256").update(bytes).digest("hex");
  return `${digest} ${publishTime ?? ""}`;
}
