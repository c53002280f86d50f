import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { decodePem, encodePem } from "../../../lib/asn1/pem.ts";

const isPemError = (error: unknown) => isSsmError(error, "CERTIFICATE");

Deno.test("decodePem() reads what encodePem() writes", () => {
  for (const length of [0, 1, 47, 48, 49, 1000]) {
    const bytes = new Uint8Array(length).map((_, at) => at);
    const [block] = decodePem(encodePem("CERTIFICATE", bytes));
    assert.equal(block?.label, "CERTIFICATE");
    assert.deepEqual(block.bytes, bytes);
  }
});

Deno.test("encodePem() writes lines of 64 characters", () => {
  const lines = encodePem("X509 CRL", new Uint8Array(100)).split("\n");
  assert.equal(lines[0], "-----BEGIN X509 CRL-----");
  assert.deepEqual(lines.slice(1, -2).map(({ length }) => length), [64, 64, 8]);
});

Deno.test("decodePem() skips text around blocks and accepts CRLF and padding", () => {
  const text = [
    "Bag Attributes",
    "    friendlyName: host",
    "-----BEGIN A-----  ",
    "  AQID ",
    "-----END A-----",
    "between",
    "-----BEGIN RSA PRIVATE KEY-----",
    "BAUG",
    "-----END RSA PRIVATE KEY-----",
  ].join("\r\n");
  assert.deepEqual(
    decodePem(text).map(({ label, bytes }) => [label, [...bytes]]),
    [["A", [1, 2, 3]], ["RSA PRIVATE KEY", [4, 5, 6]]],
  );
});

/** Forms in which sites have PEM files, each made of a block as it should be. */
const FORMS: [form: string, make: (block: string) => string | Uint8Array][] = [
  ["a blank line behind it", (block) => `${block}\n`],
  ["a tab behind it", (block) => `${block}\t`],
  ["NUL behind it", (block) => `${block}\0\0`],
  ["a comment behind it", (block) => `${block}# renewed`],
  [
    "a comment in the line of its END",
    (block) => `${block.trimEnd()} # renewed`,
  ],
  ["NUL in the line of its END", (block) => `${block.trimEnd()}\0`],
  ["blanks behind its BEGIN", (block) => block.replace("\n", " \t\n")],
  ["no line end", (block) => block.trimEnd()],
  ["a byte order mark", (block) => `\ufeff${block}`],
  [
    "a byte order mark in UTF-8",
    (block) => new TextEncoder().encode(`\ufeff${block}`),
  ],
  ["UTF-16", (block) => utf16(`\ufeff${block}`, true)],
  ["UTF-16 the other way", (block) => utf16(`\ufeff${block}`, false)],
  ["CRLF", (block) => block.replaceAll("\n", "\r\n")],
  ["CR", (block) => block.replaceAll("\n", "\r")],
  [
    "Bag Attributes",
    (block) =>
      `Bag Attributes\n    localKeyID: 01 \nKey Attributes: <No Attributes>\n${block}`,
  ],
  [
    "text in Latin-1",
    (block) =>
      new Uint8Array([0x23, 0xe9, 0x0a, ...new TextEncoder().encode(block)]),
  ],
];

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let at = 0; at < text.length; at++) {
    view.setUint16(2 * at, text.charCodeAt(at), littleEndian);
  }
  return new Uint8Array(view.buffer);
}

for (const [form, make] of FORMS) {
  Deno.test(`decodePem() reads a block with ${form}`, () => {
    const bytes = new Uint8Array(100).fill(7);
    const [block, ...more] = decodePem(make(encodePem("A KEY", bytes)));
    assert.deepEqual([block?.label, block?.bytes, more], ["A KEY", bytes, []]);
  });
}

Deno.test("decodePem() reads blocks that were joined without a line end, each with its byte order mark", () => {
  const file = [1, 2, 3]
    .map((octet) => `\ufeff${encodePem("A", Uint8Array.of(octet))}`);
  for (
    const joined of [
      file.join(""),
      file.map((pem) => pem.slice(1).trimEnd()).join(""),
    ]
  ) {
    assert.deepEqual(
      decodePem(joined).map(({ bytes }) => [...bytes]),
      [[1], [2], [3]],
    );
  }
});

Deno.test("decodePem() takes no line for a boundary that only contains one", () => {
  const block = encodePem("A", Uint8Array.of(1));
  for (
    const text of [
      `# -----BEGIN A-----\n${block}`,
      `-----BEGIN A----- x\n${block}`,
    ]
  ) {
    assert.equal(decodePem(text).length, 1, text);
  }
});

Deno.test("decodePem() separates encryption headers from the base64 lines", () => {
  const [block] = decodePem(
    "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAQID\n-----END X-----\n",
  );
  assert.equal(block?.headers.get("Proc-Type"), "4,ENCRYPTED");
  assert.equal(block?.headers.get("DEK-Info"), "AES-256-CBC,00");
  assert.deepEqual(block?.bytes, Uint8Array.of(1, 2, 3));
});

Deno.test("decodePem() refuses damaged blocks without repeating them", () => {
  for (
    const text of [
      "-----BEGIN A-----\nAQID\n",
      "-----BEGIN A-----\nAQID\n-----END B-----\n",
      "-----BEGIN A-----\nAQID\n-----BEGIN A-----\nAQID\n-----END A-----\n",
      "-----BEGIN A-----\nAQ*D\n-----END A-----\n",
      "-----BEGIN A-----\nA\n-----END A-----\n",
      "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nAQID\n-----END A-----\n",
    ]
  ) {
    assert.throws(
      () => decodePem(text),
      (error) => isPemError(error) && !(error as Error).message.includes("AQ"),
      text,
    );
  }
});

Deno.test("decodePem() finds nothing in other text", () => {
  assert.deepEqual(decodePem(""), []);
  assert.deepEqual(decodePem("-----END A-----\n----BEGIN A-----\n"), []);
});
