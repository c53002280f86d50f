import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import { pack, unpack } from "../../../../lib/ssm/ssm1/packing.ts";
import { encodeBase64 } from "../../../../lib/smime/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { bytes, text } from "../../../kit/text.ts";

const MIB = 1 << 20;

const CONTENTS: readonly [string, Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["one byte", bytes("x")],
  ["NUL, CR, LF and 8-bit bytes", bytes("\0\r\n\r\u00e9\n")],
  ["an incompressible megabyte", new Uint8Array(randomBytes(MIB))],
];

for (const [name, content] of CONTENTS) {
  Deno.test(`unpack() gives back what pack() took: ${name}`, async () => {
    assert.deepEqual(
      new Uint8Array(await unpack(await pack(content), MIB)),
      content,
    );
  });
}

testWith(
  ["python3-stomp"],
  "pack() and unpack() agree with Python's zlib and base64",
  async () => {
    const content = new Uint8Array(randomBytes(3000));
    const program = `
import base64, sys, zlib
packed = base64.b64decode(sys.stdin.buffer.read())
sys.stdout.buffer.write(base64.encodebytes(zlib.compress(zlib.decompress(packed))))
`;
    const python = new Deno.Command("/usr/bin/python3", {
      args: ["-c", program],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = python.stdin.getWriter();
    await writer.write(await pack(content));
    await writer.close();
    const { stdout } = await python.output();
    assert.deepEqual(new Uint8Array(await unpack(stdout, 3000)), content);
    assert.equal(text(await pack(content)), text(stdout));
  },
);

Deno.test("unpack() takes a file of exactly the limit, and no larger one", async () => {
  const packed = await pack(new Uint8Array(1000));
  assert.equal((await unpack(packed, 1000)).length, 1000);
  await assert.rejects(unpack(packed, 999), {
    code: "LIMIT",
    message: "Cannot unpack message: it is larger than 999 bytes",
  });
});

Deno.test("unpack() stops at the limit of a bomb", async () => {
  const bomb = encodeBase64(deflateSync(new Uint8Array(256 * MIB)), 76);
  assert.ok(bomb.length < MIB, "it is small");
  await assert.rejects(unpack(bomb, MIB), { code: "LIMIT" });
});

const BROKEN: readonly [string, Uint8Array][] = [
  ["no base64", bytes("this is plain text")],
  ["no zlib data", encodeBase64(bytes("this is plain text"), 76)],
  [
    "truncated",
    encodeBase64(
      deflateSync(new Uint8Array(randomBytes(500))).subarray(0, 400),
      76,
    ),
  ],
  ["empty", new Uint8Array(0)],
];

for (const [name, packed] of BROKEN) {
  Deno.test(`unpack() refuses what is ${name}`, async () => {
    await assert.rejects(unpack(packed, MIB), { code: "MIME" });
  });
}
