import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import {
  type CipherName,
  decryptMessage,
  encryptMessage,
  signMessage,
  SmimeMessage,
  verifyMessage,
} from "../../../lib/smime/mod.ts";
import type { KeyKind } from "../../peers/openssl/openssl.ts";
import {
  Identities,
  type Identity,
  type Job,
  runJobs,
} from "../../kit/pki/identities.ts";
import { TEXTS } from "../../kit/smime/texts.ts";
import { bytes } from "../../kit/text.ts";

const decoder = new TextDecoder();
const CIPHERS: readonly CipherName[] = ["aes128", "aes192", "aes256", "des3"];
const ENTITY = `Content-Type: text/plain\r\n\r\n${
  TEXTS.large!.replaceAll("\n", "\r\n")
}`;

Deno.test("encryptMessage() writes the layout of openssl smime -encrypt", async () => {
  await using identities = await Identities.create();
  const recipient = await identities.issue("rsa:2048");
  const message = decoder.decode(
    await encryptMessage(bytes("x"), recipient.certificate),
  );
  const [headers, body, ...others] = message.split("\n\n");
  assert.equal(
    headers,
    'MIME-Version: 1.0\nContent-Disposition: attachment; filename="smime.p7m"\n' +
      'Content-Type: application/x-pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\n' +
      "Content-Transfer-Encoding: base64",
  );
  assert.match(
    body!,
    /^MII([A-Za-z0-9+/]{61}\n)([A-Za-z0-9+/]{64}\n)+[A-Za-z0-9+/=]{1,64}$/,
  );
  assert.deepEqual(others, [""]);
});

Deno.test("encryptMessage() is decrypted by openssl smime and cms with every cipher", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const jobs: Job[] = [];
  for (const kind of ["rsa:2048", "rsa:4096"] as const) {
    const recipient = await identities.issue(kind);
    for (const cipher of CIPHERS) {
      const file = `${kind.slice(4)}-${cipher}`;
      await Deno.writeFile(
        `${dir}/${file}`,
        await encryptMessage(bytes(TEXTS.large!), recipient.certificate, {
          cipher,
        }),
      );
      for (const tool of ["smime", "cms"]) {
        jobs.push({
          name: `${file}-${tool}`,
          command:
            `openssl ${tool} -decrypt -in ${file} -out ${file}-${tool} ` +
            `-recip ${recipient.certificatePath} -inkey ${recipient.keyPath}`,
        });
      }
    }
  }
  assert.deepEqual(await runJobs(dir, jobs), []);
  for (const { name } of jobs) {
    const text = await Deno.readTextFile(`${dir}/${name}`);
    assert.equal(text, TEXTS.large!.replaceAll("\n", "\r\n"), name);
  }
});

Deno.test("encryptMessage() makes the CMS structure of openssl smime", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const recipient = await identities.issue("rsa:2048");
  await Deno.writeFile(
    `${dir}/ours`,
    await encryptMessage(bytes("x"), recipient.certificate, {
      cipher: "aes128",
    }),
  );
  assert.deepEqual(
    await runJobs(dir, [{
      name: "theirs",
      command: "printf x | openssl smime -encrypt -aes128 -out theirs " +
        recipient.certificatePath,
    }]),
    [],
  );
  const structures = await Promise.all(["ours", "theirs"].map(async (name) => {
    await runJobs(dir, [{
      name,
      command:
        `openssl smime -pk7out -in ${name} | openssl asn1parse >${name}.asn1`,
    }]);
    const text = await Deno.readTextFile(`${dir}/${name}.asn1`);
    return text.replace(/(HEX DUMP\]:).*/g, "$1");
  }));
  assert.equal(structures[0], structures[1]);
});

Deno.test("encryptMessage() carries a signed message of any bytes", async () => {
  await using identities = await Identities.create();
  const one = await identities.issue("rsa:2048");
  for (const text of [...Object.values(TEXTS), "\0\r\n\xff"]) {
    const payload = bytes(text);
    const signed = await signMessage(payload, one);
    for (const cipher of ["aes256", "des3"] as const) {
      const encrypted = await encryptMessage(signed, one.certificate, {
        cipher,
      });
      const opened = await decryptMessage(encrypted, one);
      const verified = await verifyMessage(opened);
      assert.deepEqual(new Uint8Array(verified.payload), payload);
    }
  }
});

Deno.test("encryptMessage() carries 20 MB of any bytes", async () => {
  await using identities = await Identities.create();
  const one = await identities.issue("rsa:2048");
  const payload = Uint8Array.from(
    { length: 20_000_003 },
    (_, i) => Math.imul(i, i) >>> 5,
  );
  const signed = await signMessage(payload, one);
  const encrypted = await encryptMessage(signed, one.certificate);
  const opened = await decryptMessage(encrypted, one);
  const verified = await verifyMessage(opened);
  assert.ok(payload.length === verified.payload.length);
  assert.ok(payload.every((byte, i) => byte === verified.payload[i]));
});

Deno.test("encryptMessage() refuses a recipient without an RSA key", async () => {
  await using identities = await Identities.create();
  for (const kind of ["P-256", "ed25519"] as const) {
    const { certificate } = await identities.issue(kind);
    await assert.rejects(
      encryptMessage(bytes("x"), certificate),
      (error) => isSsmError(error, "CERTIFICATE"),
    );
  }
});

/** Ways to encrypt to an RSA key: the program and its options. */
const RSA_WAYS: readonly string[] = [
  ...["aes128", "aes192", "aes256", "des3"].flatMap((cipher) => [
    `smime -encrypt -${cipher} TO`,
    `smime -encrypt -${cipher} -stream TO`,
    `cms -encrypt -${cipher} TO`,
    `cms -encrypt -${cipher} -stream -keyid TO`,
  ]),
  ...["128", "192", "256"].flatMap((bits) => [
    `cms -encrypt -aes-${bits}-gcm TO`,
    `cms -encrypt -aes-${bits}-gcm -keyid TO`,
  ]),
  ...["sha1", "sha256", "sha512"].map((hash) =>
    `cms -encrypt -aes256 -recip TO -keyopt rsa_padding_mode:oaep ` +
    `-keyopt rsa_oaep_md:${hash} -keyopt rsa_mgf1_md:${hash}`
  ),
  "cms -encrypt -aes128 -recip TO -keyopt rsa_padding_mode:oaep " +
  "-keyopt rsa_oaep_label:68656c6c6f",
];

/** Ways to encrypt to an EC key. */
const EC_WAYS: readonly string[] = [
  "cms -encrypt -aes256 TO",
  "cms -encrypt -aes128 -keyid TO",
  "cms -encrypt -aes-256-gcm TO",
  "cms -encrypt -des3 -aes192-wrap -recip TO -keyopt ecdh_kdf_md:sha256",
  "cms -encrypt -aes256 -aes256-wrap -recip TO -keyopt ecdh_kdf_md:sha512",
  "cms -encrypt -aes192 -recip TO -keyopt ecdh_kdf_md:sha384 -keyopt ecdh_cofactor_mode:1",
];

function encryptionJobs(
  ways: readonly string[],
  recipient: Identity,
  prefix: string,
): Job[] {
  return ways.map((way, index) => {
    const file = `${prefix}-${index}`;
    const [program, ...options] = way.split(" ");
    return {
      name: `${file} ${way}`,
      command: `openssl ${program} -in entity -out ${file} ${
        options.join(" ").replace("TO", recipient.certificatePath)
      }`,
    };
  });
}

Deno.test("decryptMessage() decrypts what openssl encrypts to RSA and EC keys", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  await Deno.writeTextFile(`${dir}/entity`, ENTITY);
  const kinds: KeyKind[] = ["rsa:2048", "P-256", "P-384", "P-521"];
  const recipients = await Promise.all(
    kinds.map((kind) => identities.issue(kind)),
  );
  const jobs = recipients.map((recipient, index) =>
    encryptionJobs(index === 0 ? RSA_WAYS : EC_WAYS, recipient, `${index}`)
  );
  assert.deepEqual(await runJobs(dir, jobs.flat()), []);
  for (const [index, recipient] of recipients.entries()) {
    for (const { name } of jobs[index]!) {
      const message = await Deno.readFile(`${dir}/${name.split(" ")[0]}`);
      assert.equal(new SmimeMessage(message).isEncrypted, true, name);
      const opened = await decryptMessage(message, recipient);
      assert.equal(decoder.decode(opened), ENTITY, name);
    }
  }
});

Deno.test("decryptMessage() finds its recipient among several", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  await Deno.writeTextFile(`${dir}/entity`, ENTITY);
  const recipients = [
    await identities.issue("rsa:2048", "one"),
    await identities.issue("P-256", "two"),
    await identities.issue("rsa:2048", "three"),
  ];
  const paths = recipients.map(({ certificatePath }) => certificatePath);
  assert.deepEqual(
    await runJobs(dir, [{
      name: "message",
      command: `openssl cms -encrypt -aes256 -in entity -out message ${
        paths.join(" ")
      }`,
    }]),
    [],
  );
  const message = await Deno.readFile(`${dir}/message`);
  for (const recipient of recipients) {
    assert.equal(
      decoder.decode(await decryptMessage(message, recipient)),
      ENTITY,
    );
  }
});

Deno.test("decryptMessage() opens what is for any of a host's certificates", async () => {
  await using identities = await Identities.create();
  const present = await identities.issue("rsa:2048", "present");
  const earlier = await identities.issue("rsa:2048", "earlier");
  const stranger = await identities.issue("rsa:2048", "stranger");
  for (const { certificate } of [present, earlier]) {
    const message = await encryptMessage(bytes(ENTITY), certificate);
    const opened = await decryptMessage(message, [present, earlier]);
    assert.equal(decoder.decode(opened), ENTITY);
  }
  const foreign = await encryptMessage(bytes(ENTITY), stranger.certificate);
  await assert.rejects(decryptMessage(foreign, [present, earlier]), {
    code: "DECRYPT",
    message: "Cannot decrypt message: no recipient matches " +
      '"/C=UK/O=Test/CN=present" or "/C=UK/O=Test/CN=earlier"',
  });
});

Deno.test("decryptMessage() takes CRLF, other names of the type and no smime-type", async () => {
  await using identities = await Identities.create();
  const recipient = await identities.issue("rsa:2048");
  const message = decoder.decode(
    await encryptMessage(bytes("hello"), recipient.certificate),
  );
  const variants = [
    message.replaceAll("\n", "\r\n"),
    message.replace("x-pkcs7", "pkcs7"),
    message.replace(" smime-type=enveloped-data;", ""),
    `X: y\n${message}\n\n`,
    message.replace("x-pkcs7-mime", "X-PKCS7-Mime"),
  ];
  for (const variant of variants) {
    assert.notEqual(variant, message);
    assert.equal(new SmimeMessage(bytes(variant)).isEncrypted, true);
    const opened = await decryptMessage(bytes(variant), recipient);
    assert.equal(decoder.decode(opened), "hello");
  }
});

Deno.test("an SmimeMessage has its header block read once, by whatever follows", async () => {
  await using identities = await Identities.create();
  const one = await identities.issue("rsa:2048");
  const signed = await signMessage(bytes("x"), one);
  const encrypted = await encryptMessage(signed, one.certificate);
  for (const bytes of [signed, encrypted]) {
    const message = new SmimeMessage(bytes);
    // What reads it again finds no header in it.
    bytes.fill(0, 0, decoder.decode(bytes).indexOf("\n\n"));
    const opened = message.isEncrypted
      ? await decryptMessage(message, one)
      : message;
    assert.equal(
      decoder.decode((await verifyMessage(opened)).payload),
      "x",
    );
  }
});
