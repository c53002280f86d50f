import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import {
  type DerNode,
  readDer,
  type ReadDerOptions,
  TAG,
} from "../../../lib/asn1/read.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

function refuses(bytes: Uint8Array, words: RegExp, options?: ReadDerOptions) {
  const walk = (node: DerNode) => {
    if (node.constructed) node.children.forEach(walk);
  };
  assert.throws(
    () => walk(readDer(bytes, options)),
    (error) => isSsmError(error, "DER") && words.test(error.message),
  );
}

Deno.test("readDer() gives header and content of one element", () => {
  const bytes = hex("30 05 02 01 07 05 00");
  const node = readDer(bytes);
  assert.equal(node.tag, TAG.sequence);
  assert.deepEqual(node.raw, bytes);
  assert.deepEqual(node.content, hex("02 01 07 05 00"));
  assert.deepEqual(node.children.map(({ tag }) => tag), [2, 5]);
  assert.deepEqual(node.at(0, "x").raw, hex("02 01 07"));
  assert.equal(node.find(TAG.null), node.children[1]);
});

Deno.test("readDer() shares memory with its input", () => {
  const bytes = hex("04 02 aa bb");
  assert.equal(readDer(bytes).content.buffer, bytes.buffer);
});

Deno.test("readDer() reads long lengths", () => {
  for (const length of [0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000]) {
    const size = length < 0x80
      ? [length]
      : length < 0x100
      ? [0x81, length]
      : length < 0x10000
      ? [0x82, length >> 8, length & 255]
      : [0x83, length >> 16, (length >> 8) & 255, length & 255];
    const bytes = new Uint8Array([4, ...size, ...new Uint8Array(length)]);
    assert.equal(readDer(bytes, { strict: true }).content.length, length);
  }
});

Deno.test("readDer() reads indefinite lengths and keeps their bytes", () => {
  const bytes = hex("30 80 24 80 04 01 aa 04 01 bb 00 00 02 01 05 00 00");
  const node = readDer(bytes);
  assert.equal(node.indefinite, true);
  assert.deepEqual(node.raw, bytes);
  assert.equal(node.children.length, 2);
  assert.deepEqual(
    node.children[0]!.raw,
    hex("24 80 04 01 aa 04 01 bb 00 00"),
  );
  assert.equal(node.children[1]!.indefinite, false);
});

Deno.test("readDer() reads an indefinite length inside a definite one", () => {
  const node = readDer(hex("30 07 30 80 02 01 05 00 00"));
  assert.deepEqual(node.at(0, "x").at(0, "y").raw, hex("02 01 05"));
});

Deno.test("readDer() refuses data that ends too early", () => {
  refuses(hex(""), /ends inside an element header/);
  refuses(hex("30"), /ends inside an element header/);
  refuses(hex("30 82 01"), /ends inside a length/);
  refuses(hex("30 03 02 01"), /length says 3 bytes, 2 are there/);
  refuses(hex("30 80 02 01 05"), /ends inside an element header/);
  refuses(hex("30 80 02 01 05 00"), /ends inside an element header/);
});

Deno.test("readDer() refuses a child that reaches beyond its parent", () => {
  refuses(hex("30 07 30 03 04 02 aa 05 00"), /length says 2 bytes, 1 are/);
  // The indefinite one must not find its end outside of its parent.
  refuses(hex("30 07 30 03 30 80 00 05 00"), /ends inside an element header/);
});

Deno.test("readDer() refuses bytes after the element", () => {
  refuses(hex("05 00 00"), /1 bytes follow the last element/);
});

Deno.test("readDer() refuses lengths of more than four octets", () => {
  refuses(hex("04 85 00 00 00 00 01 aa"), /more than four octets/);
  refuses(hex("04 ff"), /more than four octets/);
});

Deno.test("readDer() allocates nothing for a promised length", () => {
  refuses(hex("04 84 ff ff ff ff aa"), /length says 4294967295 bytes, 1 are/);
});

Deno.test("readDer() refuses tags that X.509 and CMS never use", () => {
  refuses(hex("1f 81 01 00"), /tag numbers above 30/);
  refuses(hex("30 02 00 00"), /tag 0 is reserved/);
});

Deno.test("readDer() refuses a primitive of indefinite length", () => {
  refuses(hex("04 80 00 00"), /primitive element has an indefinite length/);
});

Deno.test("readDer() bounds the nesting, definite and indefinite", () => {
  const nested = (levels: number, open: number[], close: number[]) => {
    let bytes: number[] = [5, 0];
    for (let n = 0; n < levels; n++) {
      bytes = open.length === 1
        ? [0x30, bytes.length, ...bytes]
        : [...open, ...bytes, ...close];
    }
    return new Uint8Array(bytes);
  };
  const options = { maxDepth: 4 };
  for (const [open, close] of [[[0x30], []], [[0x30, 0x80], [0, 0]]]) {
    let node = readDer(nested(3, open!, close!), options);
    while (node.constructed) node = node.at(0, "x");
    assert.equal(node.tag, TAG.null);
    refuses(nested(4, open!, close!), /nesting is too deep/, options);
  }
  const bomb = new Uint8Array(1 << 20);
  for (let at = 0; at < bomb.length; at += 2) bomb.set([0x30, 0x80], at);
  refuses(bomb, /nesting is too deep/);
});

Deno.test("readDer() bounds the number of elements", () => {
  const bytes = (count: number) => {
    const content = new Uint8Array(2 * count).map((_, at) => at % 2 ? 0 : 5);
    return new Uint8Array([0x30, content.length, ...content]);
  };
  const options = { maxElements: 11 };
  assert.equal(readDer(bytes(10), options).children.length, 10);
  refuses(bytes(11), /too many elements/, options);
});

Deno.test("readDer() strictly refuses what is BER only", () => {
  const strict = { strict: true };
  refuses(hex("30 80 00 00"), /indefinite length is not DER/, strict);
  refuses(hex("04 81 01 aa"), /over-long length is not DER/, strict);
  refuses(hex("04 82 00 81"), /* 0x81 in two octets */ /not DER/, strict);
  refuses(hex("30 04 04 81 01 aa"), /over-long/, strict);
  assert.deepEqual(readDer(hex("04 81 01 aa")).content, hex("aa"));
});

Deno.test("DerNode.children refuses a primitive", () => {
  assert.throws(
    () => readDer(hex("04 00")).children,
    (error) => isSsmError(error, "DER"),
  );
});

Deno.test("DerNode.expect() and at() name what is wrong", () => {
  const node = readDer(hex("30 02 05 00"));
  assert.equal(node.expect(TAG.sequence, "x"), node);
  assert.throws(
    () => node.expect(TAG.set, "relative name"),
    { message: /relative name has tag 0x30 instead of 0x31/ },
  );
  assert.throws(() => node.at(1, "issuer"), { message: /issuer is missing/ });
});
