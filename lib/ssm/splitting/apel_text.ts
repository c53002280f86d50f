/**
 * The text format of APEL: a line that names the type of the message, then records
 * with a line `%%` after each, or between them.
 *
 * Source: `_create_record_objects` of apel's loader, which reads them, and the
 * writers in apel and cASO.
 *
 * @module
 */
import {
  isSpace,
  NotUnderstood,
  type Outline,
  outlineOf,
  skipSpace,
  type Unsplittable,
} from "./outline.ts";

const LF = 0x0a;
const PERCENT = 0x25;
/** No type of message has so long a name. */
const MAX_HEADER_BYTES = 200;
/** Such as `APEL-individual-job-message: v0.3`. */
const HEADER = /^APEL(?:-[A-Za-z0-9]+)+-message[ \t]*:[ \t]*v\d+(?:\.\d+)*\s*$/;

/** Whether the text begins as a message of APEL does. */
export function isApelText(bytes: Uint8Array): boolean {
  const { start, end } = headerLine(bytes);
  return end - start <= MAX_HEADER_BYTES &&
    HEADER.test(new TextDecoder("latin1").decode(bytes.subarray(start, end)));
}

/** The records of a message for which {@linkcode isApelText} is true, whatever is in them. */
export function outlineApelText(bytes: Uint8Array): Outline | Unsplittable {
  return outlineOf(() => {
    const { end: headEnd } = headerLine(bytes);
    return { headEnd, ends: recordEnds(bytes, headEnd), separatorBytes: 0 };
  });
}

/** The first line that is not blank, its end included. */
function headerLine(bytes: Uint8Array): { start: number; end: number } {
  const start = skipSpace(bytes, 0);
  const end = bytes.indexOf(LF, start);
  return { start, end: end < 0 ? bytes.length : end + 1 };
}

/** Each record goes on to the end of its `%%`; what is blank belongs to the one before. */
function recordEnds(bytes: Uint8Array, from: number): number[] {
  const ends: number[] = [];
  let start = from;
  while (start < bytes.length) {
    const end = endOfNextMark(bytes, start);
    const isRecord = !isBlank(bytes, start, end);
    if (isRecord) ends.push(end);
    else if (ends.length > 0) ends[ends.length - 1] = end;
    // What is blank before the first record becomes part of it.
    else if (end === bytes.length) throw new NotUnderstood("it has no records");
    start = end;
  }
  return ends;
}

/** The end of the next line that is `%%`, or of all. */
function endOfNextMark(bytes: Uint8Array, from: number): number {
  for (let at = from;;) {
    at = bytes.indexOf(PERCENT, at);
    if (at < 0) return bytes.length;
    const end = endOfMark(bytes, at, from);
    if (end !== undefined) return end;
    const lineEnd = bytes.indexOf(LF, at);
    if (lineEnd < 0) return bytes.length;
    at = lineEnd + 1;
  }
}

/** The end of the line, if the percent sign at `at` begins a `%%` that is alone on it. */
function endOfMark(
  bytes: Uint8Array,
  at: number,
  from: number,
): number | undefined {
  if (bytes[at + 1] !== PERCENT) return undefined;
  for (let i = at - 1; i >= from && bytes[i] !== LF; i--) {
    if (!isSpace(bytes[i])) return undefined;
  }
  let end = at + 2;
  while (end < bytes.length && bytes[end] !== LF) {
    if (!isSpace(bytes[end])) return undefined;
    end++;
  }
  return Math.min(end + 1, bytes.length);
}

/** Whether it is a separator and nothing else. */
function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (bytes[i] !== PERCENT && !isSpace(bytes[i])) return false;
  }
  return true;
}
