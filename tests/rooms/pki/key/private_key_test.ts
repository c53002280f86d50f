import assert from "node:assert/strict";
import { inspect } from "node:util";
import { isSsmError } from "../../../../lib/errors.ts";
import { parseCertificate } from "../../../../lib/pki/certificate/certificate.ts";
import { encodePem } from "../../../../lib/asn1/pem.ts";
import * as der from "../../../../lib/asn1/write.ts";
import { keyMatches, loadPrivateKey } from "../../../../lib/pki/key/private.ts";
import {
  CRAFT_KEY,
  craftCertificate,
} from "../../../kit/pki/craft_certificate.ts";
import { openssl, testKey } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";

const PASSPHRASE = "swörd fish";
const pass = ["-passout", `pass:${PASSPHRASE}`];

/** Ways to write the RSA key: `openssl` arguments, whether it is encrypted, whether it can be read. */
const RSA_FORMS: [name: string, args: string[], encrypted: boolean][] = [
  ["PKCS#8", ["pkcs8", "-topk8", "-nocrypt"], false],
  ["PKCS#1", ["rsa", "-traditional"], false],
  ["PKCS#1 AES-128", ["rsa", "-traditional", "-aes128", ...pass], true],
  ["PKCS#1 AES-192", ["rsa", "-traditional", "-aes192", ...pass], true],
  ["PKCS#1 AES-256", ["rsa", "-traditional", "-aes256", ...pass], true],
  ["PKCS#1 3DES", ["rsa", "-traditional", "-des3", ...pass], true],
  ["PKCS#8 AES-128", ["pkcs8", "-topk8", "-v2", "aes-128-cbc", ...pass], true],
  ["PKCS#8 AES-192", ["pkcs8", "-topk8", "-v2", "aes-192-cbc", ...pass], true],
  ["PKCS#8 AES-256", ["pkcs8", "-topk8", "-v2", "aes-256-cbc", ...pass], true],
  ["PKCS#8 3DES", ["pkcs8", "-topk8", "-v2", "des3", ...pass], true],
  [
    "PKCS#8 3DES SHA-1",
    ["pkcs8", "-topk8", "-v2", "des3", "-v2prf", "hmacWithSHA1", ...pass],
    true,
  ],
  ["PKCS#8 scrypt", ["pkcs8", "-topk8", "-scrypt", ...pass], true],
  [
    "PKCS#8 3DES scrypt",
    ["pkcs8", "-topk8", "-v2", "des3", "-scrypt", ...pass],
    true,
  ],
  [
    "PKCS#8 3DES of PKCS#12",
    ["pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", ...pass],
    true,
  ],
];

for (const [name, args, encrypted] of RSA_FORMS) {
  testWith(["openssl"], `loadPrivateKey() reads ${name}`, async () => {
    const stdin = await testKey("rsa:2048");
    const pem = new TextDecoder().decode(await openssl(args, { stdin }));
    const key = loadPrivateKey(pem, PASSPHRASE);
    assert.equal(key.type, "rsa");
    assert.deepEqual(
      key.keyObject.export({ format: "pem", type: "pkcs8" }),
      loadPrivateKey(stdin).keyObject.export({ format: "pem", type: "pkcs8" }),
    );
    if (!encrypted) return;
    for (
      const [passphrase, words] of [
        [undefined, /passphrase is missing/],
        ["wrong", /passphrase is wrong/],
        ["", /passphrase is wrong/],
      ] as const
    ) {
      assert.throws(
        () => loadPrivateKey(pem, passphrase),
        (error) =>
          isSsmError(error, "KEY") && words.test(error.message) &&
          error.cause === undefined,
      );
    }
  });
}

for (const cipher of ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3"]) {
  testWith(
    ["openssl"],
    `loadPrivateKey() opens ${cipher} with every HMAC`,
    async () => {
      const stdin = await testKey("P-256");
      const plain = loadPrivateKey(stdin).keyObject;
      for (const bits of ["1", "224", "256", "384", "512"]) {
        const encrypted = await openssl([
          ...["pkcs8", "-topk8", "-v2", cipher],
          ...["-v2prf", `hmacWithSHA${bits}`, ...pass],
        ], { stdin });
        const { keyObject } = loadPrivateKey(encrypted, PASSPHRASE);
        assert.ok(keyObject.equals(plain), bits);
        assert.throws(
          () => loadPrivateKey(encrypted, "wrong"),
          { code: "KEY", message: /passphrase is wrong$/ },
        );
      }
    },
  );
}

for (const kind of ["P-256", "P-384", "P-521"] as const) {
  testWith(
    ["openssl"],
    `loadPrivateKey() reads ${kind} in all forms`,
    async () => {
      const stdin = await testKey(kind);
      const run = async (...args: string[]) =>
        new TextDecoder().decode(await openssl(args, { stdin }));
      const sec1 = await run("ec");
      const parameters = await run(
        "ecparam",
        "-name",
        {
          "P-256": "prime256v1",
          "P-384": "secp384r1",
          "P-521": "secp521r1",
        }[kind],
      );
      const forms = [
        stdin,
        sec1,
        parameters + sec1,
        await run("ec", "-aes256", ...pass),
        await run("pkcs8", "-topk8", "-v2", "des3", ...pass),
      ];
      for (const pem of forms) {
        assert.equal(loadPrivateKey(pem, PASSPHRASE).type, "ec");
      }
    },
  );
}

testWith(["openssl"], "loadPrivateKey() reads Ed25519", async () => {
  assert.equal(loadPrivateKey(await testKey("ed25519")).type, "ed25519");
});

testWith(
  ["openssl"],
  "loadPrivateKey() finds the key among certificates",
  async () => {
    const pem = encodePem("CERTIFICATE", craftCertificate()) +
      "Bag Attributes\r\n" +
      (await testKey("P-256")).replaceAll("\n", "\r\n");
    assert.equal(loadPrivateKey(pem).type, "ec");
  },
);

for (
  const [name, args, said] of [
    ["Camellia", ["pkcs8", "-topk8", "-v2", "camellia-256-cbc"], /1\.2\.392\./],
    ["OFB", ["pkcs8", "-topk8", "-v2", "aes-256-ofb"], /2\.16\.840\./],
    ["Camellia in PKCS#1", ["ec", "-camellia256"], /no AES/],
    [
      "too much scrypt",
      ["pkcs8", "-topk8", "-scrypt", "-scrypt_N", "8", "-scrypt_p", "17"],
      /scrypt of this cost/,
    ],
  ] as const
) {
  testWith(
    ["openssl"],
    `loadPrivateKey() says what to do about encryption it cannot undo: ${name}`,
    async () => {
      const stdin = await testKey("P-256");
      const pem = await openssl([...args, ...pass], { stdin });
      assert.throws(
        () => loadPrivateKey(pem, PASSPHRASE),
        (error) =>
          isSsmError(error, "KEY") && said.test(error.message) &&
          /its encryption is not supported/.test(error.message) &&
          /openssl pkcs8/.test(error.hint ?? ""),
      );
    },
  );
}

Deno.test("loadPrivateKey() does not count on for ever", () => {
  const hmac = der.sequence(
    der.octetString(new Uint8Array(8)),
    der.integer(10_000_001),
  );
  const encrypted = der.sequence(
    der.sequence(
      der.oid("1.2.840.113549.1.5.13"),
      der.sequence(
        der.sequence(der.oid("1.2.840.113549.1.5.12"), hmac),
        der.sequence(
          der.oid("2.16.840.1.101.3.4.1.2"),
          der.octetString(new Uint8Array(16)),
        ),
      ),
    ),
    der.octetString(new Uint8Array(16)),
  );
  assert.throws(
    () => loadPrivateKey(encodePem("ENCRYPTED PRIVATE KEY", encrypted), "x"),
    { code: "KEY", message: /not supported \(10000001 iterations\)$/ },
  );
});

testWith(
  ["openssl"],
  "loadPrivateKey() takes the key that is wanted, or the first",
  async () => {
    const [rsa, ec] = await Promise.all([
      testKey("rsa:2048"),
      testKey("P-256"),
    ]);
    const sealed = new TextDecoder().decode(
      await openssl(["pkcs8", "-topk8", ...pass], { stdin: rsa }),
    );
    const type = (pem: string, wanted: string) =>
      loadPrivateKey(pem, undefined, ({ type }) => type === wanted).type;
    assert.equal(type(rsa + ec, "ec"), "ec");
    assert.equal(type(rsa + ec, "ed25519"), "rsa");
    assert.equal(type(sealed + ec, "ec"), "ec", "the other is not needed");
    for (const pem of [sealed, sealed + ec]) {
      assert.throws(() => type(pem, "rsa"), /passphrase is missing/);
    }
  },
);

Deno.test("loadPrivateKey() names what it finds in place of a key", () => {
  const pem = ["CERTIFICATE REQUEST", "OPENSSH PRIVATE KEY"]
    .map((label) => encodePem(label, new Uint8Array(3))).join("");
  assert.throws(() => loadPrivateKey(pem), {
    code: "KEY",
    message:
      "Cannot read private key: there is no private key in the text, only CERTIFICATE REQUEST, OPENSSH PRIVATE KEY",
  });
});

Deno.test("loadPrivateKey() refuses texts without a usable key", () => {
  const secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ=";
  for (
    const pem of [
      "",
      encodePem("CERTIFICATE", craftCertificate()),
      `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`,
      `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----\n`,
      `-----BEGIN PRIVATE KEY-----\n${secret}\n`,
      `-----BEGIN PRIVATE KEY-----\n${secret}*\n-----END PRIVATE KEY-----\n`,
      `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${secret}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
    ]
  ) {
    assert.throws(
      () => loadPrivateKey(pem, "passphrase"),
      (error) => {
        const said = inspect(error, { depth: 9, showHidden: true });
        return isSsmError(error, "KEY") && !said.includes("c2Vj") &&
          !said.includes("secret");
      },
      pem,
    );
  }
});

testWith(["openssl"], "PrivateKey shows nothing of the key", async () => {
  const pem = await testKey("rsa:2048");
  const key = loadPrivateKey(pem);
  const { d, p } = key.keyObject.export({ format: "jwk" });
  for (
    const said of [
      Deno.inspect(key, { depth: 9 }),
      inspect(key, { depth: 9, showHidden: true }),
      JSON.stringify(key),
      String(key),
    ]
  ) {
    assert.ok(
      !said.includes(d!) && !said.includes(p!) && !said.includes("PRIVATE"),
    );
  }
});

testWith(["openssl"], "keyMatches() tells whose key it is", async () => {
  const certificate = parseCertificate(craftCertificate());
  const own = loadPrivateKey(
    CRAFT_KEY.export({ format: "pem", type: "pkcs8" }) as string,
  );
  assert.equal(keyMatches(certificate, own), true);
  for (const kind of ["P-256", "P-384", "rsa:2048", "ed25519"] as const) {
    const other = loadPrivateKey(await testKey(kind));
    assert.equal(keyMatches(certificate, other), false, kind);
  }
});

testWith(
  ["openssl"],
  "keyMatches() compares keys, not their encodings",
  async () => {
    const keyPem = await testKey("P-256");
    const compressed = await openssl([
      ...["ec", "-pubout", "-conv_form", "compressed", "-outform", "DER"],
    ], { stdin: keyPem });
    const certificate = {
      ...parseCertificate(craftCertificate()),
      spki: compressed,
    };
    assert.equal(keyMatches(certificate, loadPrivateKey(keyPem)), true);
  },
);

Deno.test("keyMatches() is false for certificates of keys it cannot read", () => {
  const certificate = {
    ...parseCertificate(craftCertificate()),
    spki: Uint8Array.of(0x30, 0),
  };
  const own = loadPrivateKey(
    CRAFT_KEY.export({ format: "pem", type: "pkcs8" }) as string,
  );
  assert.equal(keyMatches(certificate, own), false);
});
