/**
 * What is written beside a message in reject so that it can be judged again.
 *
 * @module
 */
import type { Missing } from "../../pki/mod.ts";

/** The field of an element in reject with what identified it among redeliveries, where that is not `empaid`. */
export const KEY_FIELD = "key";

/** The field of an element in reject that is the mark: it is judged again by itself. */
export const RETRY_FIELD = "retry";

/** What the mark says. */
export interface RetryMark {
  /** What identified the message among redeliveries when it came. */
  readonly key: string;
  readonly missing: Missing;
}

/** The field, for a message that came under this key. */
export function retryMark(
  key: string,
  missing: Missing,
): Record<typeof RETRY_FIELD, string> {
  const mark: RetryMark = { key, missing };
  return { [RETRY_FIELD]: `${JSON.stringify(mark)}\n` };
}

/** Reads the field; `undefined` when somebody else wrote it, or it is not whole. */
export function readRetryMark(field: Uint8Array): RetryMark | undefined {
  try {
    const { key, missing } = JSON.parse(new TextDecoder().decode(field));
    const { what, authority } = missing;
    if (typeof key !== "string" || typeof authority !== "string") {
      return undefined;
    }
    return what === "CA" || what === "CRL"
      ? { key, missing: { what, authority } }
      : undefined;
  } catch {
    return undefined;
  }
}
