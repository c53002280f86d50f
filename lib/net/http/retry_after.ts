/**
 * When a host wants to be asked again (RFC 9110 §10.2.3).
 *
 * @module
 */

/** No host is left alone for longer, whatever it says. */
const MAX_MS = 3_600_000;

/**
 * Reads `Retry-After`: seconds, or a date.
 *
 * @param now the date to count from
 * @returns ms, from 0 to an hour; `undefined` when it is neither
 */
export function readRetryAfter(value: string, now: Date): number | undefined {
  const text = value.trim();
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1000
    : /^[A-Za-z]{3,9}, ?\d/.test(text) || /^[A-Za-z]{3} [A-Za-z]{3} /.test(text)
    ? Date.parse(text) - now.getTime()
    : NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_MS);
}
