import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import { type Digest, readAlgorithm } from "../../../../lib/asn1/algorithms.ts";
import { readCertificates } from "../../../../lib/pki/certificate/certificate_file.ts";
import { readDer } from "../../../../lib/asn1/read.ts";
import * as der from "../../../../lib/asn1/write.ts";
import {
  readPublicKeyInfo,
  readRsaKey,
  rsaBits,
} from "../../../../lib/pki/certificate/public_key.ts";
import { verifyPkcs1 } from "../../../../lib/pki/signature/large_rsa.ts";
import { verifySignature } from "../../../../lib/pki/signature/verify.ts";
import { signatureScheme } from "../../../../lib/pki/signature/scheme.ts";
import {
  craftCertificate,
  spkiOf,
} from "../../../kit/pki/craft_certificate.ts";
import {
  type KeyKind,
  openssl,
  testKey,
} from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";

const isSignatureError = (error: unknown) => isSsmError(error, "SIGNATURE");

function algorithm(oid: string, ...parameters: Uint8Array[]) {
  return readAlgorithm(readDer(der.sequence(der.oid(oid), ...parameters)));
}

const RSA = "1.2.840.113549.1.1.1";
const EC = "1.2.840.10045.2.1";
const ED25519 = "1.3.101.112";
const PSS = "1.2.840.113549.1.1.10";

interface Keys {
  readonly dir: string;
  readonly data: Uint8Array;
  readonly keyPath: string;
  readonly spki: Uint8Array;
}

/** Runs `work` with a key on disk. */
async function withKey(
  kind: KeyKind,
  work: (keys: Keys) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const data = new TextEncoder().encode("what was signed\n");
    const keyPath = `${dir}/key`;
    await Deno.writeTextFile(keyPath, await testKey(kind));
    await Deno.writeFile(`${dir}/data`, data);
    const spki = await openssl([
      ...["pkey", "-in", keyPath, "-pubout", "-outform", "DER"],
    ]);
    await work({ dir, data, keyPath, spki });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** One signature over the data, with more options of `openssl dgst`. */
function signWith(
  { dir, keyPath }: Keys,
  digest: string,
  ...options: string[]
): Promise<Uint8Array> {
  return openssl([
    ...["dgst", `-${digest}`, "-sign", keyPath],
    ...options,
    `${dir}/data`,
  ]);
}

const DIGESTS: Digest[] = [
  "md5",
  "sha1",
  "sha224",
  "sha256",
  "sha384",
  "sha512",
];

/** Those that the runtime knows for RSA only. */
const RSA_DIGESTS: Digest[] = ["sha3-224", "sha3-256", "sha3-384", "sha3-512"];

/** What the primitives of the runtime cannot do. */
const UNSUPPORTED = new Set([
  "P-256 md5",
  "P-256 sha224",
  "P-384 md5",
  "P-384 sha1",
  "P-384 sha224",
  "P-521 md5",
  "P-521 sha224",
]);

for (
  const kind of ["rsa:1024", "rsa:2048", "P-256", "P-384", "P-521"] as const
) {
  testWith(
    ["openssl"],
    `verifySignature() agrees with openssl on ${kind} and every digest`,
    () =>
      withKey(kind, async (keys) => {
        const oid = kind.startsWith("rsa") ? RSA : EC;
        for (const digest of DIGESTS) {
          const signature = await signWith(keys, digest);
          const { data, spki } = keys;
          const check = (
            changes: { data?: Uint8Array; signature?: Uint8Array },
          ) =>
            verifySignature(
              spki,
              { algorithm: algorithm(oid), data, signature, ...changes },
              { digest, allowWeakDigests: "all" },
            );
          if (UNSUPPORTED.has(`${kind} ${digest}`)) {
            await assert.rejects(check({}), isSignatureError);
            continue;
          }
          assert.equal(await check({}), true, digest);
          assert.equal(await check({ data: data.subarray(1) }), false, digest);
          const flipped = signature.slice();
          flipped[flipped.length - 1]! ^= 1;
          assert.equal(await check({ signature: flipped }), false, digest);
          for (const length of [0, 1, signature.length - 1]) {
            assert.equal(
              await check({ signature: signature.slice(0, length) }),
              false,
            );
          }
        }
      }),
  );
}

testWith(
  ["openssl"],
  "verifyPkcs1() agrees with openssl on every digest and refuses changed data",
  () =>
    withKey("rsa:2048", async (keys) => {
      const { data, spki } = keys;
      const rsa = readRsaKey(readPublicKeyInfo(readDer(spki)).key);
      assert.equal(rsaBits(rsa), 2048);
      for (const digest of [...DIGESTS, ...RSA_DIGESTS]) {
        const signature = await signWith(keys, digest);
        assert.equal(verifyPkcs1(rsa, digest, { data, signature }), true);
        const other = digest === "sha256" ? "sha512" : "sha256";
        assert.equal(verifyPkcs1(rsa, other, { data, signature }), false);
        const changed = data.slice(1);
        assert.equal(
          verifyPkcs1(rsa, digest, { data: changed, signature }),
          false,
        );
        // A number beyond the modulus, congruent to the right one.
        const over = BigInt(`0x${signature.toHex()}`) +
          BigInt(`0x${rsa.modulus.toHex()}`);
        const hex = over.toString(16);
        const padded = Uint8Array.fromHex(
          hex.padStart(hex.length + hex.length % 2, "0"),
        );
        assert.equal(
          verifyPkcs1(rsa, digest, { data, signature: padded }),
          false,
        );
        assert.equal(
          verifyPkcs1(rsa, digest, {
            data,
            signature: Uint8Array.of(0, ...signature),
          }),
          false,
        );
      }
    }),
);

testWith(
  ["igtf"],
  "verifySignature() verifies roots of RSA-8192 with themselves",
  async () => {
    const dir = "/etc/grid-security/certificates";
    let found = 0;
    for (const { name } of Deno.readDirSync(dir)) {
      if (!name.endsWith(".0")) continue;
      const [root] = readCertificates(Deno.readFileSync(`${dir}/${name}`));
      const { spki, tbs, signature, signatureAlgorithm } = root!;
      if (spki.length < 1000) continue;
      found++;
      const signed = { algorithm: signatureAlgorithm, data: tbs, signature };
      const check = (data: Uint8Array) =>
        verifySignature(spki, { ...signed, data }, { allowWeakDigests: "all" });
      assert.equal(await check(tbs), true, name);
      assert.equal(await check(tbs.slice(1)), false, name);
    }
    assert.ok(found > 0);
  },
);

/** RSASSA-PSS-params with the same digest for mask and message. */
function pssParameters(digestOid: string, salt: number): Uint8Array {
  const digest = der.sequence(der.oid(digestOid), der.nullValue());
  return der.sequence(
    der.context(0, digest),
    der.context(1, der.sequence(der.oid("1.2.840.113549.1.1.8"), digest)),
    der.context(2, der.integer(salt)),
  );
}

testWith(
  ["openssl"],
  "verifySignature() verifies PSS with exactly the salt that is named",
  () =>
    withKey("rsa:2048", async (keys) => {
      const { data, spki } = keys;
      const sha256 = "2.16.840.1.101.3.4.2.1";
      for (const salt of [0, 20, 32, 222]) {
        const signature = await signWith(
          keys,
          "sha256",
          ...["-sigopt", "rsa_padding_mode:pss"],
          ...["-sigopt", `rsa_pss_saltlen:${salt}`],
        );
        const check = (named: number) =>
          verifySignature(spki, {
            algorithm: algorithm(PSS, pssParameters(sha256, named)),
            data,
            signature,
          });
        assert.equal(await check(salt), true, `salt ${salt}`);
        assert.equal(await check(salt + 1), false, `salt ${salt}`);
      }
    }),
);

testWith(
  ["openssl"],
  "verifySignature() verifies Ed25519",
  () =>
    withKey("ed25519", async ({ dir, data, keyPath, spki }) => {
      const signature = await openssl([
        ...["pkeyutl", "-sign", "-rawin", "-inkey", keyPath],
        ...["-in", `${dir}/data`],
      ]);
      const signed = { algorithm: algorithm(ED25519), data, signature };
      assert.equal(await verifySignature(spki, signed), true);
      assert.equal(
        await verifySignature(spki, { ...signed, data: data.slice(1) }),
        false,
      );
    }),
);

testWith(
  ["openssl"],
  "verifySignature() refuses weak digests by default",
  () =>
    withKey("rsa:2048", async (keys) => {
      for (const digest of ["md5", "sha1"] as const) {
        const signature = await signWith(keys, digest);
        await assert.rejects(
          verifySignature(keys.spki, {
            algorithm: algorithm(RSA),
            data: keys.data,
            signature,
          }, { digest }),
          { code: "SIGNATURE", message: /too weak/ },
        );
      }
    }),
);

testWith(
  ["openssl"],
  "verifySignature() refuses a key of another kind",
  () =>
    withKey("rsa:2048", async ({ data, spki }) => {
      for (const oid of ["1.2.840.10045.4.3.2", ED25519]) {
        const signature = new Uint8Array(64);
        await assert.rejects(
          verifySignature(spki, { algorithm: algorithm(oid), data, signature }),
          {
            code: "SIGNATURE",
            message: /a key of type rsa cannot have made it/,
          },
        );
      }
    }),
);

Deno.test("verifySignature() refuses curve points that are none", async () => {
  const spki = der.sequence(
    der.sequence(der.oid(EC), der.oid("1.2.840.10045.3.1.7")),
    der.bitString(Uint8Array.of(4, ...new Uint8Array(64).fill(1))),
  );
  await assert.rejects(
    verifySignature(spki, {
      algorithm: algorithm("1.2.840.10045.4.3.2"),
      data: new Uint8Array(),
      signature: der.sequence(der.integer(1), der.integer(1)),
    }),
    (error) => isSsmError(error, "CERTIFICATE"),
  );
});

Deno.test("verifySignature() takes malformed ECDSA values for false", async () => {
  const [certificate] = readCertificates(craftCertificate());
  const one = der.integer(1);
  for (
    const signature of [
      der.sequence(one),
      der.sequence(one, one, one),
      der.sequence(one, der.nullValue()),
      der.sequence(one, der.element(2, Uint8Array.of(0x80))),
      der.sequence(one, der.element(2, new Uint8Array())),
      der.sequence(one, der.integer(new Uint8Array(33).fill(1))),
      der.sequence(der.integer(0), der.integer(0)),
      new Uint8Array(64),
    ]
  ) {
    const { spki, tbs, signatureAlgorithm } = certificate!;
    assert.equal(
      await verifySignature(spki, {
        algorithm: signatureAlgorithm,
        data: tbs,
        signature,
      }),
      false,
    );
  }
});

Deno.test("verifySignature() refuses curves it does not know", async () => {
  const { generateKeyPairSync } = await import("node:crypto");
  const known = spkiOf(
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  );
  const hex = known.toHex().replace("2a8648ce3d030107", "2a8648ce3d030106");
  await assert.rejects(
    verifySignature(Uint8Array.fromHex(hex), {
      algorithm: algorithm("1.2.840.10045.4.3.2"),
      data: new Uint8Array(),
      signature: new Uint8Array(),
    }),
    { code: "SIGNATURE", message: /curve 1\.2\.840\.10045\.3\.1\.6/ },
  );
});

Deno.test("signatureScheme() refuses what is unknown, open or contradictory", () => {
  const refuses = (...parameters: Parameters<typeof signatureScheme>) =>
    assert.throws(() => signatureScheme(...parameters), isSignatureError);
  refuses(algorithm("1.2.3"));
  refuses(algorithm(RSA));
  refuses(algorithm(EC));
  refuses(algorithm("1.2.840.113549.1.1.11"), "sha512");
  refuses(algorithm(PSS, pssParameters("1.2.3", 20)));
  // SHA-256 for the message and, by default, SHA-1 for the mask.
  refuses(algorithm(
    PSS,
    der.sequence(
      der.context(0, der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))),
    ),
  ));
});

Deno.test("signatureScheme() knows the defaults of PSS", () => {
  assert.deepEqual(signatureScheme(algorithm(PSS, der.sequence())), {
    kind: "pss",
    digest: "sha1",
    saltLength: 20,
  });
});
