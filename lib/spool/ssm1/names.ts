/**
 * The names of messages in the directories of SSM1.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A message: local time to the second, and three digits that tell those of one second apart. */
export const MESSAGE_ID = /^\d{8}-\d{6}-\d{3}$/;

/** Begins the name of what is not visible yet, before its later name; programs that list the directories skip it. */
export const HIDDEN = ".tmp-";

/** An MD5 digest as it is in names and on the wire. */
export const MD5_HEX = /^[0-9a-f]{32}$/;

/** What SSM1 calls a file by its content: MD5 in lower-case hex. No trust rests on it. */
export function contentDigest(content: Uint8Array): string {
  return createHash("md5").update(content).digest("hex");
}

/**
 * Makes message names.
 *
 * The original numbers its messages on from second to second, modulo 1000; here
 * the number starts anew in each second, and the 1001st message of a second gets
 * the name of the next one. So names sort as they were made, except when the
 * local clock is set back.
 */
export class MessageNames {
  #last = 0;

  /** The next name, `now` in ms since 1970: one that this object never gave before. */
  next(now: number): string {
    this.#last = Math.max(Math.floor(now / 1000) * 1000, this.#last + 1);
    const time = new Date(this.#last - this.#last % 1000);
    const day = [time.getFullYear(), time.getMonth() + 1, time.getDate()];
    const clock = [time.getHours(), time.getMinutes(), time.getSeconds()];
    const number = String(this.#last % 1000).padStart(3, "0");
    return `${digits(day)}-${digits(clock)}-${number}`;
  }
}

/** Two digits each, or as many as it has. */
function digits(values: readonly number[]): string {
  return values.map((value) => String(value).padStart(2, "0")).join("");
}
