import assert from "node:assert/strict";
import { Random } from "../../../kit/random.ts";
import { bytes } from "../../../kit/text.ts";
import {
  type Made,
  MAKERS,
  partsOf,
  whyNot,
} from "../../../kit/accounting_documents.ts";

const SEEDS = 300;

/** Bytes in UTF-8. */
function size(document: string): number {
  return bytes(document).length;
}

/** As many records in each part as have room, the slow way. */
function filled({ head, tail, records, separator }: Made, limit: number) {
  const part = (inside: string[]) => head + inside.join(separator) + tail;
  const groups: string[][] = [[]];
  for (const record of records) {
    const group = groups.at(-1)!;
    const isFull = group.length > 0 && size(part([...group, record])) > limit;
    if (isFull) groups.push([record]);
    else group.push(record);
  }
  return groups.map(part);
}

for (const [format, make] of Object.entries(MAKERS)) {
  Deno.test(`splitRecords() cuts ${format} into parts below any limit that its largest record keeps, and loses nothing`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new Random(seed);
      const made = make(random);
      const { document, head, tail, records } = made;
      const frame = size(head) + size(tail);
      const least = frame + Math.max(...records.map(size));
      const limit = least + random.below(size(document) - least + 1);
      const parts = partsOf(document, limit);
      assert.deepEqual(parts, filled(made, limit), `seed ${seed}`);
      for (const part of parts) {
        assert.ok(size(part) <= limit, `seed ${seed}: ${size(part)}`);
        // Each is a message by itself.
        assert.deepEqual(partsOf(part, size(part)), [part]);
      }
    }
  });

  Deno.test(`splitRecords() says which record of ${format} is too large`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { document, head, tail, records } = make(new Random(seed));
      const sizes = records.map(size);
      const largest = Math.max(...sizes);
      const limit = size(head) + size(tail) + largest - 1;
      assert.equal(
        whyNot(document, limit),
        `record ${sizes.indexOf(largest) + 1} of ${records.length} alone is ` +
          `too large, with ${largest} bytes`,
        `seed ${seed}`,
      );
    }
  });
}
