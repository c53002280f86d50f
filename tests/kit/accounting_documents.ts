/**
 * Accounting messages to be split, and their records read back by other means.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Scale } from "../../lib/ssm/envelope.ts";
import { splitRecords } from "../../lib/ssm/splitting/split.ts";
import type { Random } from "./random.ts";
import { bytes } from "./text.ts";

/** Messages weigh what they are long. */
export const PLAIN: Scale = { fixed: 0, weigh: ({ length }) => length };

/** As they are, a byte order mark included. */
function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The parts of a document; fails when it cannot be split. */
export function partsOf(document: string, limit: number): string[] {
  const parts = splitRecords(bytes(document), limit, PLAIN);
  if ("why" in parts) assert.fail(parts.why);
  const { count } = parts;
  return Array.from({ length: count }, (_, index) => text(parts.part(index)));
}

/** Why a document cannot be split. */
export function whyNot(
  document: string | Uint8Array,
  limit = 1 << 20,
): string | undefined {
  const all = typeof document === "string" ? bytes(document) : document;
  const parts = splitRecords(all, limit, PLAIN);
  return "why" in parts ? parts.why : undefined;
}

/** A document and the records in it, as they are written. */
export interface Made {
  readonly document: string;
  /** What stands before the first record and behind the last, in every part. */
  readonly head: string;
  readonly tail: string;
  /** With what belongs to each. */
  readonly records: readonly string[];
  readonly separator: string;
}

/** Documents of each format, different for each seed. */
export const MAKERS: Readonly<Record<string, (random: Random) => Made>> = {
  "APEL text": apelText,
  XML: xml,
  JSON: json,
};

function made(
  head: string,
  records: readonly string[],
  { tail = "", separator = "" },
): Made {
  const document = head + records.join(separator) + tail;
  return { document, head, tail, records, separator };
}

const VALUES = ["/C=UK/CN=é", "100%", "%%x", "a %% b", "", "=".repeat(90)];

function apelText(random: Random): Made {
  const end = random.pick(["\n", "\r\n"]);
  const blank = random.pick(["", end]);
  const head = random.pick(["", " \n"]) +
    random.pick([
      "APEL-individual-job-message: v0.3",
      "APEL-normalised-summary-message: v0.4 ",
    ]) + end;
  const records = several(random, () => {
    const lines = several(
      random,
      (i) => `Key${i}: ${random.pick(VALUES)}${end}`,
    );
    const mark = random.pick(["%%", " %%", "%%\t"]);
    return `${blank}${lines.join("")}${mark}${end}`;
  });
  // The last `%%` may be missing, and so may be its line end.
  const last = records.at(-1)!;
  records[records.length - 1] = random.pick([
    last,
    last.trimEnd(),
    last.trimEnd().slice(0, -2),
    `${last}${end}%%${end} `,
  ]);
  return made(head, records, {});
}

function xml(random: Random): Made {
  const space = random.pick(["", "\n", "\r\n  "]);
  const [list, record] = random.pick([
    ["sr:StorageUsageRecords", "sr:StorageUsageRecord"],
    ["UsageRecords", "JobUsageRecord"],
    ["urf:UsageRecords", "urf:UsageRecord"],
  ]);
  const head = random.pick([
    "",
    '<?xml version="1.0" ?>\n',
    "\ufeff<?xml version='1.0' encoding='utf-8'?><!-- a > b -->\n<?x y?>",
  ]) + `<${list} xmlns:sr="urn:a>b" xmlns:urf='u' a='"/>'>`;
  const records = several(random, (i) =>
    space + random.pick([
      `<${record}/>`,
      `<!-- <${record}> --><${record} id='>${i}'><a><b/>&lt;é</a\n></${record}>`,
      `<${record}><![CDATA[</${record}>]]>${i}<${record}>in</${record}></${record} >`,
    ]));
  const remark = random.pick(["", "<!-- end -->"]);
  records[records.length - 1] += remark;
  const tail = `${space}</${list}>${random.pick(["", "\n", "<!-- x -->\n"])}`;
  return made(head, records, { tail });
}

function json(random: Random): Made {
  const space = random.pick(["", "\n  "]);
  const type = `"Type":${space}"APEL Public IP message"`;
  const head = `${space}{${random.pick([`${type},`, ""])}"UsageRecords"` +
    `${space}:${space}[`;
  const records = several(
    random,
    (i) =>
      `${space}{"n":${random.pick(["1.0", "12345678901234567890", "-1E+2"])},` +
      `"s":"${
        random.pick(["]}", "\\\\", '\\"', "é,"])
      }","i":[${i},{}]}${space}`,
  );
  const tail = `]${random.pick(["", `, "Version": "0.1"`])}}${space}`;
  return made(head, records, { tail, separator: "," });
}

function several<T>(random: Random, make: (index: number) => T): T[] {
  return Array.from({ length: 1 + random.below(12) }, (_, i) => make(i));
}
