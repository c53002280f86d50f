/**
 * What clients of a server of HTTP may cost.
 *
 * @module
 */

/** Limits of a server of HTTP. Sizes are in bytes, times in milliseconds. */
export interface HttpServerLimits {
  /** Connections at the same time; for one more, the oldest on which nobody waits for an answer gives way. @default 4096 */
  readonly maxConnections: number;
  /** Request line and headers of a request. @default 16384 (16 KiB) */
  readonly maxHeaderBytes: number;
  /** Bodies of all requests that are not answered yet, and of answers that are not sent yet. @default 134217728 (128 MiB) */
  readonly maxBodyBytes: number;
  /** Requests that a client may send on one connection before the first is answered. @default 16 */
  readonly maxPipelined: number;
  /** Time between two requests of a connection, and before the first. @default 120000 */
  readonly idleMs: number;
  /** Time from the first byte of a request to the end of its headers, and for a body that is not wanted. @default 10000 */
  readonly headerMs: number;
  /** Time for the body. @default 300000 */
  readonly bodyMs: number;
  /** Time in which a client that is sent an answer takes nothing of it. @default 60000 */
  readonly writeMs: number;
  /** Time for a client to end its side, after the last answer. @default 1000 */
  readonly lingerMs: number;
}

const DEFAULTS: HttpServerLimits = {
  maxConnections: 4096,
  maxHeaderBytes: 16 << 10,
  maxBodyBytes: 128 << 20,
  maxPipelined: 16,
  idleMs: 120_000,
  headerMs: 10_000,
  bodyMs: 300_000,
  writeMs: 60_000,
  lingerMs: 1000,
};

/** Completes limits with the defaults. @throws {RangeError} unless all are positive whole numbers */
export function completeHttpLimits(
  given: Partial<HttpServerLimits> = {},
): HttpServerLimits {
  const limits = { ...DEFAULTS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `${name} must be a positive whole number, not ${value}`,
      );
    }
  }
  return limits;
}

/** Memory for bodies, which all connections share. */
export class BodyMemory {
  readonly #max: number;
  #bytes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether there is no memory for anything more. */
  get full(): boolean {
    return this.#bytes >= this.#max;
  }

  /** Takes so many bytes, if there are so many left; tells whether. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#max) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Takes bytes that are not refused, or gives some back. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
