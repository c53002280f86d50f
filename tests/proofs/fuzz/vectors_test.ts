/**
 * What fuzzing and reading have found, each as a fixed input. Where the fault
 * was an effort out of all proportion, the input is so large that the test
 * would not end with it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createDecipheriv } from "node:crypto";
import { parseIni } from "../../../lib/config/ini/parse.ts";
import { isSsmError, reason } from "../../../lib/errors.ts";
import { formatJson, formatText, printable } from "../../../lib/log/logger.ts";
import {
  decodePem,
  der,
  readDer,
  readOid,
  TAG,
} from "../../../lib/asn1/mod.ts";
import { readName, sameName } from "../../../lib/pki/certificate/name.ts";
import {
  ciphertextLength,
  decryptContent,
  encryptContent,
} from "../../../lib/smime/cms/content_cipher.ts";
import { cipherByName } from "../../../lib/smime/cms/algorithms.ts";
import { splitMultipart } from "../../../lib/smime/mime/multipart.ts";
import { craftCommonName } from "../../kit/pki/craft_certificate.ts";

const MEGA = 1 << 20;
const encoder = new TextEncoder();

Deno.test("splitMultipart() takes a boundary inside of lines for text, a million times", () => {
  const body = encoder.encode(`x--bb`.repeat(MEGA));
  assert.throws(() => splitMultipart(body, "bb", 2), { code: "MIME" });
});

Deno.test("splitMultipart() finds delimiters at the very start, behind each other and at the end", () => {
  const split = (text: string) =>
    splitMultipart(encoder.encode(text), "b", 3)
      .map((part) => new TextDecoder().decode(part));
  assert.deepEqual(split("--b\n1\n--b\n\n--b\n--b--"), ["1", "", ""]);
  assert.deepEqual(split("x--b\n--b\n1--b\n\n--b--\n"), ["1--b\n"]);
  assert.deepEqual(split("\n\n--b \t\r\n1\r\n--b--"), ["1"]);
});

Deno.test("sameName() compares names of many blanks", () => {
  const name = (text: string) => readName(readDer(craftCommonName(text)));
  const blanks = " ".repeat(16_000);
  assert.ok(sameName(name(` a${blanks}b\t`), name("A B")));
  assert.ok(sameName(name(blanks), name("")));
  assert.ok(!sameName(name(`a${blanks}b`), name("ab")));
});

Deno.test("readName() refuses names of more than 16 KiB", () => {
  const sized = (bytes: number) =>
    readDer(craftCommonName("x".repeat(bytes - 21)));
  assert.equal(sized(16_384).raw.length, 16_384);
  readName(sized(16_384));
  assert.throws(() => readName(sized(16_385)), { code: "DER" });
});

Deno.test("readOid() refuses identifiers of more than 256 bytes", () => {
  const arcs = (count: number) =>
    readDer(der.element(TAG.oid, new Uint8Array(count).fill(1)));
  assert.equal(readOid(arcs(256)).split(".").length, 257);
  assert.throws(() => readOid(arcs(257)), { code: "DER" });
});

Deno.test("decodePem() does not repeat a label of any length", () => {
  const text = `-----BEGIN ${"PRIVATE KEY ".repeat(MEGA)}-----\n`;
  assert.deepEqual(decodePem(text), []);
  const label = "X".repeat(64);
  assert.throws(() => decodePem(`-----BEGIN ${label}-----\n`), (error) => {
    assert.ok(isSsmError(error, "CERTIFICATE"));
    assert.ok(error.message.includes(label));
    return true;
  });
});

Deno.test("reason() joins lines, whatever blanks are in them", () => {
  const blanks = " ".repeat(MEGA);
  assert.equal(reason(new Error(`a${blanks}b`)), `a${blanks}b`);
  assert.equal(reason(` a \r\n\t\n b${blanks}\n`), "a b");
});

Deno.test("printable() escapes every character that changes the direction of text", () => {
  const marks = "\u061c\u200e\u200f\u202a\u202e\u2066\u2069";
  const escaped = "\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069";
  assert.equal(printable(marks), escaped);
  const record = {
    time: new Date(0),
    name: "ssm",
    level: "INFO",
    message: marks,
  } as const;
  assert.ok(formatText(record).endsWith(escaped));
  assert.ok(formatJson(record).includes(escaped));
});

Deno.test("parseIni() reads values of many blanks", () => {
  const blanks = " ".repeat(MEGA / 2);
  const ini = parseIni(
    `[a]${blanks}\nb${blanks} = x${blanks}y${blanks}\n`,
    "F",
  );
  assert.equal(ini.get("a", "b"), `x${blanks}y`);
});

Deno.test("Ini.get() gives up on references to nothing but references", () => {
  const lines = ["[a]", "a0 ="];
  for (let n = 1; n <= 9; n++) {
    lines.push(`a${n} = ${`%(a${n - 1})s`.repeat(1000)}`);
  }
  const ini = parseIni(lines.join("\n"), "F");
  assert.equal(ini.get("a", "a1"), "");
  assert.throws(() => ini.get("a", "a9"), { code: "CONFIG" });
});

Deno.test("triple DES lets others work in between", async () => {
  const cipher = cipherByName("des3");
  const key = crypto.getRandomValues(new Uint8Array(24));
  const iv = new Uint8Array(8);
  const plaintext = crypto.getRandomValues(new Uint8Array(65_536));
  const large = new Uint8Array(3 * MEGA + 5);
  for (let at = 0; at < large.length; at += plaintext.length) {
    large.set(plaintext.subarray(0, large.length - at), at);
  }
  let turns = 0;
  let done = false;
  const other = (async () => {
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
  })();
  const content = new Uint8Array(ciphertextLength(cipher, large.length));
  content.set(large);
  await encryptContent(cipher, { key, iv }, { content, length: large.length });
  // And what comes out is what it would be in one piece.
  const whole = createDecipheriv("des-ede3-cbc", key, iv);
  const again = Buffer.concat([whole.update(content), whole.final()]);
  assert.ok(again.equals(large));
  assert.ok(turns >= 3, `${turns}`);
  const opened = await decryptContent(cipher, { key, iv }, {
    ciphertext: content,
    authentication: undefined,
  });
  done = true;
  await other;
  assert.ok(turns >= 6, `${turns}`);
  assert.deepEqual(opened, large);
});
