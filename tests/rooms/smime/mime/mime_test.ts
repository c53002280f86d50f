import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import {
  contentTypeOf,
  parseEntity,
  transferEncodingOf,
} from "../../../../lib/smime/mime/entity.ts";
import { splitMultipart } from "../../../../lib/smime/mime/multipart.ts";
import { bytes } from "../../../kit/text.ts";

const decoder = new TextDecoder();
const isMime = (error: unknown) => isSsmError(error, "MIME");
const parse = (text: string) => parseEntity(bytes(text), 1000);
const typeOf = (value: string) =>
  contentTypeOf(parse(`Content-Type: ${value}\n\n`));
const split = (text: string, boundary = "b", maxParts = 5) =>
  splitMultipart(bytes(text), boundary, maxParts).map((part) =>
    decoder.decode(part)
  );

Deno.test("parseEntity() reads headers with CRLF or LF, folded, in any case", () => {
  for (const end of ["\n", "\r\n"]) {
    const entity = parse(
      ["A: 1", "b-C :2 ", "  more", "A:3", "", "body", ""].join(end),
    );
    assert.deepEqual([...entity.headers], [["a", ["1", "3"]], ["b-c", [
      "2   more",
    ]]]);
    assert.equal(decoder.decode(entity.body), `body${end}`);
  }
  assert.equal(parse("\nbody").headers.size, 0);
});

Deno.test("parseEntity() refuses malformed header blocks", () => {
  const texts = [
    "",
    "A: 1",
    "A: 1\n",
    " A: 1\n\n",
    "A\n\n",
    "A B: 1\n\n",
    ": 1\n\n",
    "A: \0\n\n",
    "A: 1\rB: 2\n\n",
    "é: 1\n\n",
  ];
  for (const text of texts) assert.throws(() => parse(text), isMime, text);
});

Deno.test("parseEntity() reads headers up to its limit", () => {
  const block = `A: ${"x".repeat(95)}\n\n`;
  assert.equal(block.length, 100);
  assert.equal(parseEntity(bytes(`${block}body`), 100).body.length, 4);
  assert.throws(
    () => parseEntity(bytes(`${block}body`), 98),
    (error) => isSsmError(error, "LIMIT"),
  );
});

Deno.test("contentTypeOf() reads type and parameters", () => {
  const cases: Record<string, [string, Record<string, string>]> = {
    "Text/Plain": ["text/plain", {}],
    "a/b;c=d": ["a/b", { c: "d" }],
    'a/b ; C = "d e" ; f="\\"g\\\\"': ["a/b", { c: "d e", f: '"g\\' }],
    'a/b; c="";': ["a/b", { c: "" }],
    'a/b; c="x;y=z"': ["a/b", { c: "x;y=z" }],
  };
  for (const [value, [type, parameters]] of Object.entries(cases)) {
    const read = typeOf(value);
    assert.equal(read?.type, type);
    assert.deepEqual(Object.fromEntries(read.parameters), parameters);
  }
  assert.equal(contentTypeOf(parse("A: b\n\n")), undefined);
});

Deno.test("contentTypeOf() refuses what is malformed or repeated", () => {
  const values = [
    "",
    "text",
    "a/b c",
    "a/b; c",
    "a/b; c=",
    'a/b; c="d',
    "a/b; c=d e",
    "a/b; c=d; C=e",
    "a/b (c)",
    "a/b; (c)",
    "a//b",
    'a/b; c="d"e',
    "a/é",
  ];
  for (const value of values) assert.throws(() => typeOf(value), isMime, value);
  assert.throws(
    () => contentTypeOf(parse("Content-Type: a/b\ncontent-type: a/b\n\n")),
    isMime,
  );
});

Deno.test("transferEncodingOf() knows the encodings of RFC 2045 only", () => {
  const read = (value: string) =>
    transferEncodingOf(parse(`Content-Transfer-Encoding: ${value}\n\n`));
  assert.equal(read("BASE64"), "base64");
  assert.equal(read("Quoted-Printable"), "quoted-printable");
  assert.equal(transferEncodingOf(parse("A: b\n\n")), "7bit");
  assert.equal(read("base64 (RFC 2045)"), "base64");
  assert.equal(read("(x)Base64(y) "), "base64");
  for (const value of ["", "x-token", "base64 x", "base64 (", "ba(x)se65"]) {
    assert.throws(() => read(value), isMime);
  }
});

Deno.test("splitMultipart() returns the parts without the line ends of delimiters", () => {
  assert.deepEqual(split("--b\none\n--b\ntwo\n\n--b--"), ["one", "two\n"]);
  assert.deepEqual(
    split("preamble\r\n--b  \r\none\r\n--b\r\n--b\r\n\r\n--b--\r\n \r\n"),
    ["one", "", ""],
  );
  assert.deepEqual(split("--b\nx--b\n --b\n--b--"), ["x--b\n --b"]);
  assert.deepEqual(split("--b\nx\n--b--\nan epilogue --b\n"), ["x"]);
});

Deno.test("splitMultipart() refuses broken delimiters, too many parts and odd boundaries", () => {
  const texts = [
    "",
    "--b",
    "--b\n",
    "--b\nx",
    "--b--",
    "--b\nx\n--bc\n--b--",
    "--b\nx\n--b--x",
    "--b\nx\n--b--x\nx",
    "--b\nx\n--b--\n--b\n",
    "x--b\nx--b--",
  ];
  for (const text of texts) assert.throws(() => split(text), isMime, text);
  const three = "--b\n1\n--b\n2\n--b\n3\n--b--";
  assert.equal(split(three, "b", 3).length, 3);
  assert.throws(() => split(three, "b", 2), isMime);
  for (const boundary of ["", "b ", "x".repeat(71), "é", "b\n", "b;"]) {
    assert.throws(
      () => split(`--${boundary}\n\n--${boundary}--`, boundary),
      isMime,
    );
  }
  const longest = `${"x".repeat(69)}y`;
  assert.deepEqual(split(`--${longest}\n1\n--${longest}--`, longest), ["1"]);
});
