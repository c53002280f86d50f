import assert from "node:assert/strict";
import { sealedScale } from "../../../lib/smime/mod.ts";
import { Random } from "../../kit/random.ts";
import { sealer } from "../../kit/receiving.ts";
import { testPki } from "../../kit/pki/test_pki.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { bytes } from "../../kit/text.ts";
import { TEXTS } from "../../kit/smime/texts.ts";

const pki = sharedServer(["openssl"], testPki);

/** Pieces between ASCII characters, anywhere. */
function cut(payload: Uint8Array, random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let start = 0;
  while (start < payload.length) {
    let end = start + 1 + random.below(300);
    while (end < payload.length && payload[end]! >= 0x80) end++;
    pieces.push(payload.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** Text that makes quoted-printable long in each way it can. */
function dense(random: Random): Uint8Array {
  const words = ["=", "é", " \n", "\n", "\t", "application/", "x".repeat(72)];
  const text = Array.from({ length: 400 }, () => random.pick(words)).join("");
  return bytes(text);
}

const PAYLOADS: Readonly<Record<string, Uint8Array>> = {
  ...Object.fromEntries(
    Object.entries(TEXTS).map(([name, text]) => [name, bytes(text)]),
  ),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5].map((seed) => [`dense ${seed}`, dense(new Random(seed))]),
  ),
  binary: new Random(6).bytes(20_000),
  zeros: new Uint8Array(5000),
};

for (const encrypted of [false, true]) {
  testWith(
    ["openssl"],
    `sealedScale() weighs no message that is ${
      encrypted ? "encrypted" : "signed"
    } too light, in whatever pieces, and none much too heavy`,
    async () => {
      const { host, server } = pki();
      const recipient = encrypted ? server : undefined;
      for (const [name, payload] of Object.entries(PAYLOADS)) {
        const { body } = await sealer(host, recipient).seal(payload);
        const { fixed, weigh } = sealedScale(payload, { encrypted });
        const whole = fixed + weigh(payload);
        assert.ok(body.length <= whole, `${name}: ${body.length} > ${whole}`);
        const pieces = cut(payload, new Random(payload.length));
        const sum = pieces.reduce((all, piece) => all + weigh(piece), fixed);
        assert.ok(whole <= sum, `${name}: ${whole} > ${sum}`);
        assert.ok(
          whole <= body.length * 1.1 + fixed || name === "binary" ||
            name === "zeros",
          `${name}: ${whole} for ${body.length}`,
        );
      }
    },
  );
}

testWith(
  ["openssl"],
  "sealedScale() has room for the largest keys in use",
  async () => {
    const subject = `/DC=org/DC=terena/O=${"x".repeat(64)}/CN=host.example.org`;
    const large = await pki().ca.issue({ subject, key: "rsa:4096" });
    for (const recipient of [undefined, large]) {
      const encrypted = recipient !== undefined;
      const { body } = await sealer(large, recipient).seal(bytes("x"));
      const { fixed } = sealedScale(bytes("x"), { encrypted });
      assert.ok(body.length < fixed, `${body.length} ${fixed}`);
    }
  },
);
