import assert from "node:assert/strict";
import { Random } from "../../../kit/random.ts";
import { bytes } from "../../../kit/text.ts";
import { testWith } from "../../../peers/parts.ts";
import { askPython } from "../../../peers/python_config.ts";
import { MAKERS, partsOf } from "../../../kit/accounting_documents.ts";

/** Reads the records of each text as the loader of APEL does. */
const READ = `
import json, sys
from xml.dom import minidom

def records(text):
    text = text.strip()
    if text.startswith('{'):
        return [json.dumps(r, sort_keys=True) for r in json.loads(text)['UsageRecords']]
    if text.lstrip('\\ufeff').startswith('<'):
        root = minidom.parseString(text.encode('utf-8')).documentElement
        return [n.toxml() for n in root.childNodes if n.nodeType == n.ELEMENT_NODE]
    lines = text.splitlines()
    lines.pop(0)
    parts = '\\n'.join(lines).strip().split('%%')
    return [part.strip() for part in parts if part != '' and not part.isspace()]

print(json.dumps([records(text) for text in json.load(sys.stdin)]))
`;

const SEEDS = 150;

for (const [format, make] of Object.entries(MAKERS)) {
  testWith(
    ["python3-dirq"],
    `splitRecords(): Python reads from the parts of ${format} the records of the whole, in order`,
    async () => {
      for (let seed = 1; seed <= SEEDS; seed += 50) {
        const groups = Array.from({ length: 50 }, (_, index) => {
          const { document, head, tail, records } = make(
            new Random(seed + index),
          );
          const largest = records.map((record) =>
            bytes(head + record + tail).length
          );
          return [document, ...partsOf(document, Math.max(...largest))];
        });
        const read = await askPython<string[][]>(READ, groups.flat());
        for (const group of groups) {
          const [whole, ...parts] = read.splice(0, group.length);
          assert.deepEqual(parts.flat(), whole, group[0]);
        }
      }
    },
  );
}
