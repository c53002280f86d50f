/**
 * Cuts an accounting message between its records into messages that are each
 * complete, and small enough.
 *
 * The cut depends on nothing but the bytes, the limit and the scale: after a crash the
 * parts are the same again.
 *
 * @module
 */
import { concatBytes } from "../../bytes.ts";
import type { Scale } from "../envelope.ts";
import { isApelText, outlineApelText } from "./apel_text.ts";
import { outlineJson } from "./json_records.ts";
import { type Outline, skipSpace, type Unsplittable } from "./outline.ts";
import { isXml, outlineXml } from "./xml_records.ts";

/** The parts of a message, made when they are asked for. */
export interface Parts {
  readonly count: number;
  /** The bytes of a part, by its index. */
  part(index: number): Uint8Array;
}

/** The records of one part: from and to where, in bytes. */
interface Range {
  readonly start: number;
  readonly end: number;
}

const OPEN_OBJECT = 0x7b;

/** Cuts `bytes` into as few parts as in-order filling gives, each of which weighs at most `limit`. */
export function splitRecords(
  bytes: Uint8Array,
  limit: number,
  scale: Scale,
): Parts | Unsplittable {
  const outline = recognise(bytes);
  if ("why" in outline) return outline;
  const ranges = fill(bytes, outline, { limit, scale });
  if ("why" in ranges) return ranges;
  const { head, tail } = repeated(bytes, outline);
  return {
    count: ranges.length,
    part(index) {
      const { start, end } = ranges[index]!;
      return concatBytes([head, bytes.subarray(start, end), tail]);
    },
  };
}

function recognise(bytes: Uint8Array): Outline | Unsplittable {
  if (isXml(bytes)) return outlineXml(bytes);
  if (bytes[skipSpace(bytes, 0)] === OPEN_OBJECT) return outlineJson(bytes);
  if (isApelText(bytes)) return outlineApelText(bytes);
  return {
    why: "it is no APEL message, no XML or JSON with usage records",
  };
}

function repeated(bytes: Uint8Array, { headEnd, ends }: Outline) {
  return {
    head: bytes.subarray(0, headEnd),
    tail: bytes.subarray(ends.at(-1)),
  };
}

/** In order, each as full as it may be. */
function fill(
  bytes: Uint8Array,
  outline: Outline,
  { limit, scale }: { limit: number; scale: Scale },
): Range[] | Unsplittable {
  const { headEnd, ends, separatorBytes } = outline;
  const { head, tail } = repeated(bytes, outline);
  const frame = scale.fixed + scale.weigh(head) + scale.weigh(tail);
  const ranges: Range[] = [];
  let start = headEnd;
  let last = headEnd;
  let weight = frame;
  for (const [index, end] of ends.entries()) {
    const from = index === 0 ? headEnd : last + separatorBytes;
    const added = scale.weigh(bytes.subarray(from, end));
    if (frame + added > limit) {
      return {
        why: `record ${index + 1} of ${ends.length} alone is too large, ` +
          `with ${end - from} bytes`,
      };
    }
    const between = scale.weigh(bytes.subarray(last, from));
    if (weight + between + added > limit) {
      ranges.push({ start, end: last });
      start = from;
      weight = frame + added;
    } else weight += between + added;
    last = end;
  }
  ranges.push({ start, end: last });
  return ranges;
}
