/**
 * What tells the tries of a sender to transmit one file from other messages.
 *
 * In SSM1 a sender keeps a file until it is confirmed, and seals it anew for each try:
 * the bytes differ, and where they cannot be opened nothing else of them is known than
 * what their sender says. So a message in reject has a file `<id>.count` beside it: one
 * line of JSON with a digest of that (`origin`), how often it came (`count`) and when
 * for the last time (`last`).
 *
 * @module
 */
import { createHash } from "node:crypto";
import { lookAt, readHead } from "../disk/files.ts";
import { MESSAGE_ID } from "./names.ts";

/** Ends the name of the file. */
export const COUNT = ".count";

/** What the file says. */
export interface Count {
  readonly origin: string;
  readonly count: number;
  /** In ms since 1970. */
  readonly last: number;
}

/** The text of the file. */
export function formatCount({ origin, count, last }: Count): string {
  const time = new Date(last).toISOString();
  return `${JSON.stringify({ origin, count, last: time })}\n`;
}

/** Reads the file of a message; `undefined` when there is none, or it is none. */
export function readCount(message: string): Count | undefined {
  const bytes = readHead(`${message}${COUNT}`, 1024);
  try {
    const { origin, count, last } = JSON.parse(new TextDecoder().decode(bytes));
    const time = Date.parse(last);
    const isCount = typeof origin === "string" && Number.isSafeInteger(count);
    return isCount && time >= 0 ? { origin, count, last: time } : undefined;
  } catch {
    return undefined;
  }
}

/** Which message of a directory is of which origin. */
export class RejectedOrigins {
  readonly #path: string;
  readonly #remembered: number;
  /** Ids by origin, oldest first. */
  readonly #ids = new Map<string, string>();

  /** @param remembered how many are known at most */
  constructor(path: string, remembered: number) {
    this.#path = path;
    this.#remembered = remembered;
  }

  /**
   * Learns of those that are there.
   *
   * @returns the ids of those in whose place later ones were put by a process that
   *   was killed before it had removed them
   */
  open(): string[] {
    const ids = Array.from(Deno.readDirSync(this.#path), ({ name }) => name)
      .filter((name) => name.endsWith(COUNT))
      .map((name) => name.slice(0, -COUNT.length))
      .filter((id) => MESSAGE_ID.test(id)).sort();
    const replaced: string[] = [];
    for (const id of ids.slice(-this.#remembered)) {
      const count = readCount(`${this.#path}/${id}`);
      if (!count) continue;
      const earlier = this.#ids.get(count.origin);
      if (earlier !== undefined) replaced.push(earlier);
      this.add(count.origin, id);
    }
    return replaced;
  }

  /** A message of this origin, if it is there. */
  find(origin: string): ({ readonly id: string } & Count) | undefined {
    const id = this.#ids.get(origin);
    if (id === undefined) return undefined;
    const message = `${this.#path}/${id}`;
    const count = readCount(message);
    if (count?.origin === origin && lookAt(message)) return { id, ...count };
    this.#ids.delete(origin);
    return undefined;
  }

  /** From now on it is this message that is of the origin. */
  add(origin: string, id: string): void {
    this.#ids.delete(origin);
    this.#ids.set(origin, id);
    for (const oldest of this.#ids.keys()) {
      if (this.#ids.size <= this.#remembered) break;
      this.#ids.delete(oldest);
    }
  }
}

/** What stands for an origin in files: it is of any length, and a stranger's. */
export function originDigest(origin: string): string {
  return createHash("sha256").update(origin).digest("hex");
}
