import assert from "node:assert/strict";
import { bytes } from "../../../kit/text.ts";
import { partsOf, whyNot } from "../../../kit/accounting_documents.ts";

const APEL_HEADERS = [
  "APEL-individual-job-message: v0.3",
  "APEL-individual-job-message: v0.4",
  "APEL-summary-job-message: v0.2",
  "APEL-summary-job-message: v0.3",
  "APEL-summary-job-message: v0.4",
  "APEL-normalised-summary-message: v0.4",
  "APEL-sync-message: v0.1",
  "APEL-cloud-message: v0.2",
  "APEL-cloud-message: v0.4",
  "APEL-cloud-summary-message: v0.4",
];

for (const header of APEL_HEADERS) {
  Deno.test(`splitRecords() knows ${header}`, () => {
    const parts = partsOf(
      `${header}\nSite: A\n%%\nSite: B\n%%\n`,
      header.length + 13,
    );
    assert.deepEqual(parts, [
      `${header}\nSite: A\n%%\n`,
      `${header}\nSite: B\n%%\n`,
    ]);
  });
}

Deno.test("splitRecords() cuts a message of cASO, which has no last %%", () => {
  const header = "APEL-cloud-message: v0.4\n";
  assert.deepEqual(
    partsOf(`${header}VMUUID: a\n%%\nVMUUID: b\n\n`, header.length + 13),
    [`${header}VMUUID: a\n%%\n`, `${header}VMUUID: b\n\n`],
  );
});

Deno.test("splitRecords() cuts only at lines that are %%, whatever the bytes are", () => {
  const header = bytes("APEL-summary-job-message: v0.2\n");
  const record = [
    ...bytes("a: 100%%\n%%b\n%\n"),
    0xff,
    0,
    ...bytes("\r\n%%\r\n"),
  ];
  const document = new Uint8Array([...header, ...record, ...record]);
  assert.equal(whyNot(document, header.length + record.length), undefined);
  assert.match(
    whyNot(document, header.length + record.length - 1)!,
    /^record 1 of 2 alone/,
  );
});

const STAR = '<?xml version="1.0" ?>\n<sr:StorageUsageRecords ' +
  'xmlns:sr="http://eu-emi.eu/namespaces/2011/02/storagerecord">\n';

Deno.test("splitRecords() keeps declaration, root and its namespaces in each part of a StAR document", () => {
  const record = (id: number) =>
    `  <sr:StorageUsageRecord><sr:Site id="${id}"/></sr:StorageUsageRecord>\n`;
  const end = "</sr:StorageUsageRecords>\n";
  assert.deepEqual(
    partsOf(
      STAR + record(1) + record(2) + record(3) + end,
      STAR.length + 2 * record(1).length + end.length,
    ),
    [STAR + record(1) + record(2) + end, STAR + record(3) + end],
  );
});

Deno.test("splitRecords() keeps numbers as they are written", () => {
  const head =
    '{"Type": "APEL GPU message", "Version": "0.1", "UsageRecords": [';
  const records = [
    '{"Count": 1.0, "Big": 123456789012345678901234567890}',
    ' {"Count": 1e0, "Small": -0}',
  ];
  assert.deepEqual(
    partsOf(
      `${head}${records.join(",")}]}`,
      head.length + records[0]!.length + 2,
    ),
    records.map((record) => `${head}${record}]}`),
  );
});

const UNKNOWN = "it is no APEL message, no XML or JSON with usage records";
const LIST = "<UsageRecords><UsageRecord/></UsageRecords>";
const JSON_LIST = '"UsageRecords":[{}]';

/** What is refused, by the reason. */
const REFUSED: readonly (readonly [document: string, why: string])[] = [
  ["", UNKNOWN],
  ["Site: A\n%%\nSite: B\n%%\n", UNKNOWN],
  ["APEL-summary-job-message\nSite: A\n%%\n", UNKNOWN],
  ["x".repeat(1000), UNKNOWN],
  ["\0\x01", UNKNOWN],
  ["[1, 2]", UNKNOWN],
  ["APEL-sync-message: v0.1\n", "it has no records"],
  ["APEL-sync-message: v0.1\n\n%%\n%%\n \n", "it has no records"],
  ["<UsageRecords/>", "it has no records"],
  ["<UsageRecords> <!-- --> </UsageRecords>", "it has no records"],
  [
    "<JobUsageRecord/>",
    "its XML is <JobUsageRecord>, which is no list of records that is known",
  ],
  [
    "<constructor><a/></constructor>",
    "its XML is <constructor>, which is no list of records that is known",
  ],
  [`<!DOCTYPE a []>${LIST}`, "it has a DOCTYPE"],
  [
    "<UsageRecords><UsageRecord>&site;</UsageRecord></UsageRecords>",
    "it has an entity that is not XML's own",
  ],
  [
    "<UsageRecords><UsageRecord a='&x;'/></UsageRecords>",
    "it has an entity that is not XML's own",
  ],
  [
    "<UsageRecords><Creator/><UsageRecord/></UsageRecords>",
    "<Creator> stands beside its records",
  ],
  [
    "<UsageRecords>text<UsageRecord/></UsageRecords>",
    "there is text outside its records",
  ],
  [
    "<UsageRecords><![CDATA[ ]]><UsageRecord/></UsageRecords>",
    "there is text outside its records",
  ],
  [
    `<?xml version="1.0" encoding="ISO-8859-1"?>${LIST}`,
    "its XML is in ISO-8859-1, not in UTF-8",
  ],
  [
    `<?xml version="2.0"?>${LIST}`,
    "its XML declaration is not understood",
  ],
  ...[
    "<",
    "<UsageRecords>",
    "<UsageRecords><UsageRecord>",
    "<UsageRecords><UsageRecord></UsageRecords>",
    "<UsageRecords><UsageRecord></a></UsageRecord></UsageRecords>",
    "<UsageRecords><UsageRecord/></urf:UsageRecords>",
    "<UsageRecords><UsageRecord a=1/></UsageRecords>",
    "<UsageRecords><UsageRecord a='<'/></UsageRecords>",
    "<UsageRecords><UsageRecord a='1'b='2'/></UsageRecords>",
    "<UsageRecords><UsageRecord/><!-- </UsageRecords>",
    `${LIST}${LIST}`,
  ].map((document) => [document, "it is no well-formed XML"] as const),
  ["{}", "it is no well-formed JSON"],
  ['{"Type":"x"}', 'its JSON has no list "UsageRecords"'],
  ['{"UsageRecords":[ ]}', "it has no records"],
  [
    `{${JSON_LIST},"Total":1}`,
    'it has "Total", which may be about all records',
  ],
  [`{"Type":{},${JSON_LIST}}`, "Type or Version is no plain value"],
  ...[
    "{",
    `{${JSON_LIST}`,
    `{${JSON_LIST}}}`,
    `{${JSON_LIST},${JSON_LIST}}`,
    `{${JSON_LIST},}`,
    '{"UsageRecords":[{},]}',
    '{"UsageRecords":[1]}',
    '{"UsageRecords":[{"a":"]}',
    '{"UsageRecords":[{"a":[}]}]}',
    '{"UsageRecords":{}}',
    '{"Type":,"UsageRecords":[{}]}',
    '{"\\x":1}',
  ].map((document) => [document, "it is no well-formed JSON"] as const),
];

for (const [document, why] of REFUSED) {
  Deno.test(`splitRecords() does not cut ${JSON.stringify(document.slice(0, 70))}`, () => {
    assert.equal(whyNot(document), why);
  });
}

Deno.test("splitRecords() does not cut what is no UTF-8", () => {
  const latin1 = (document: string) =>
    Uint8Array.from(document, (char) => char.charCodeAt(0));
  assert.equal(
    whyNot(
      latin1("<UsageRecords><UsageRecord>\xe9</UsageRecord></UsageRecords>"),
    ),
    "its XML is not UTF-8",
  );
  assert.equal(
    whyNot(latin1('{"UsageRecords":[{"a":"\xe9"}]}')),
    "its JSON is not UTF-8",
  );
});

Deno.test("splitRecords() does not go down endlessly", () => {
  const deep = 100_000;
  assert.equal(
    whyNot(`<UsageRecords><UsageRecord>${"<a>".repeat(deep)}`),
    "its records are nested too deeply",
  );
  assert.equal(
    whyNot(`{"UsageRecords":[{"a":${"[".repeat(deep)}`),
    "its records are nested too deeply",
  );
});
