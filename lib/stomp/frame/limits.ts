/**
 * How much of a peer's frame is taken.
 *
 * @module
 */

/** How much of a peer's frame is taken before it is refused. */
export interface FrameLimits {
  /** Header lines of one frame, repeated ones included. @default 128 */
  maxHeaders?: number;
  /** Bytes of one header line. @default 16384 (16 KiB) */
  maxHeaderBytes?: number;
  /** Bytes of the command line and all header lines together. @default 65536 (64 KiB) */
  maxHeadBytes?: number;
  /** Bytes of a body. @default 134217728 (128 MiB) */
  maxBodyBytes?: number;
}

/** The defaults of {@linkcode FrameLimits}. */
export const DEFAULT_LIMITS: Required<FrameLimits> = {
  maxHeaders: 128,
  maxHeaderBytes: 16 << 10,
  maxHeadBytes: 64 << 10,
  maxBodyBytes: 128 << 20,
};

/**
 * `limits` with the changes that are named.
 *
 * @throws {RangeError} when one is not a whole number
 */
export function changeLimits(
  limits: Required<FrameLimits>,
  changes: FrameLimits,
): Required<FrameLimits> {
  const changed = { ...limits };
  for (const name of Object.keys(limits) as (keyof FrameLimits)[]) {
    const value = changes[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${name} must be a whole number, not ${value}`);
    }
    changed[name] = value;
  }
  return changed;
}
