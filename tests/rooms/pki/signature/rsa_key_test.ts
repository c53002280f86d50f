import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import { readAlgorithm } from "../../../../lib/asn1/algorithms.ts";
import { readDer } from "../../../../lib/asn1/read.ts";
import * as der from "../../../../lib/asn1/write.ts";
import { verifyPkcs1 } from "../../../../lib/pki/signature/large_rsa.ts";
import { verifySignature } from "../../../../lib/pki/signature/verify.ts";

const RSA = "1.2.840.113549.1.1.1";
const SHA256_RSA = readAlgorithm(
  readDer(der.sequence(der.oid("1.2.840.113549.1.1.11"))),
);

Deno.test("verifySignature() refuses RSA keys that are too short or too long", async () => {
  for (const bits of [512, 1016, 16_392]) {
    const modulus = new Uint8Array(bits / 8).fill(0xff);
    const spki = der.sequence(
      der.sequence(der.oid(RSA), der.nullValue()),
      der.bitString(der.sequence(der.integer(modulus), der.integer(65537))),
    );
    await assert.rejects(
      verifySignature(spki, {
        algorithm: SHA256_RSA,
        data: new Uint8Array(),
        signature: new Uint8Array(bits / 8),
      }),
      {
        code: "SIGNATURE",
        message: new RegExp(`${bits} bits is not accepted`),
      },
    );
  }
});

Deno.test("verifySignature() refuses RSA exponents that are none", async () => {
  for (const bits of [2048, 8192]) {
    const modulus = new Uint8Array(bits / 8).fill(0xff);
    for (const exponent of [[], [0], [0, 0], [1], [2]]) {
      const spki = der.sequence(
        der.sequence(der.oid(RSA), der.nullValue()),
        der.bitString(der.sequence(
          der.integer(modulus),
          der.element(2, Uint8Array.from(exponent)),
        )),
      );
      await assert.rejects(
        verifySignature(spki, {
          algorithm: SHA256_RSA,
          data: new Uint8Array(),
          signature: new Uint8Array(bits / 8).fill(1),
        }),
        (error) => isSsmError(error),
        `${bits} bits, exponent ${exponent}`,
      );
    }
  }
});

Deno.test("verifyPkcs1() refuses an exponent that costs too much", () => {
  const rsa = {
    modulus: new Uint8Array(512).fill(0xff),
    exponent: new Uint8Array(9).fill(0xff),
  };
  const signed = { data: new Uint8Array(), signature: new Uint8Array(512) };
  assert.throws(() => verifyPkcs1(rsa, "sha256", signed), {
    code: "SIGNATURE",
  });
});
