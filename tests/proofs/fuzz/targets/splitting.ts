/**
 * Accounting messages that are cut between their records.
 *
 * @module
 */
import assert from "node:assert/strict";
import { splitRecords } from "../../../../lib/ssm/splitting/split.ts";
import { Random } from "../../../kit/random.ts";
import { MAKERS, PLAIN } from "../../../kit/accounting_documents.ts";
import type { Target } from "../target.ts";

const SAMPLES_PER_FORMAT = 8;

function split(document: Uint8Array, limit: number): Uint8Array[] | undefined {
  const parts = splitRecords(document, limit, PLAIN);
  if ("why" in parts) {
    assert.match(parts.why, /^[ -~]{1,200}$/, "not for a log");
    return undefined;
  }
  return Array.from({ length: parts.count }, (_, i) => parts.part(i));
}

/** What another reader finds in it, if it is JSON. */
function recordsOf(document: Uint8Array): unknown[] | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(document)).UsageRecords;
  } catch {
    return undefined;
  }
}

const SPLIT: Target = {
  name: "split",
  samples: Object.values(MAKERS).flatMap((make) =>
    Array.from(
      { length: SAMPLES_PER_FORMAT },
      (_, seed) => new TextEncoder().encode(make(new Random(seed)).document),
    )
  ),
  words: [
    ...["%%\n", "\n%%", "%", "APEL-x-message: v1\n", "\r\n", "\n", " "],
    ...["<", ">", "/>", "</", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>"],
    ...["&amp;", "&x;", '"', "'", "<a>", "</a>", "<!DOCTYPE a>", "\ufeff"],
    ...["{", "}", "[", "]", ",", ":", "\\", '\\"', '"UsageRecords":[', "{}"],
  ],
  check(input, random) {
    const whole = split(input, input.length);
    if (whole === undefined) return;
    assert.deepEqual(whole, [input], "something is lost or added");
    const limit = random.below(input.length);
    const parts = split(input, limit);
    if (parts === undefined) return;
    assert.ok(parts.length > 1);
    for (const part of parts) {
      assert.ok(part.length <= limit, "too large");
      assert.deepEqual(
        split(part, part.length),
        [part],
        "no message by itself",
      );
    }
    const records = recordsOf(input);
    if (records === undefined) return;
    assert.deepEqual(parts.flatMap((part) => recordsOf(part)), records);
  },
};

export const SPLITTING_TARGETS = [SPLIT];
