import assert from "node:assert/strict";
import { type ErrorCode, isSsmError, SsmError } from "../../../lib/errors.ts";
import { der, type DerNode, readDer } from "../../../lib/asn1/mod.ts";
import { OID } from "../../../lib/smime/cms/algorithms.ts";
import {
  decryptMessage,
  encryptMessage,
  signMessage,
  SmimeMessage,
  verifyMessage,
} from "../../../lib/smime/mod.ts";
import { contentKey } from "../../../lib/smime/cms/recipient_key.ts";
import { opaque } from "../../kit/smime/forge.ts";
import {
  AES128,
  encryptRaw,
  envelope,
  type EnvelopeParts,
} from "../../kit/smime/forge_envelope.ts";
import { intrusions } from "../../kit/pki/intrusions.ts";
import { openssl } from "../../peers/openssl/openssl.ts";
import {
  Identities,
  type Identity,
  runJobs,
} from "../../kit/pki/identities.ts";
import { bytes } from "../../kit/text.ts";

const decoder = new TextDecoder();
async function assertRefused(
  message: Uint8Array,
  recipient: Identity,
  code: ErrorCode,
  what: string,
): Promise<SsmError> {
  let refusal: SsmError | undefined;
  await assert.rejects(decryptMessage(message, recipient), (error) => {
    assert.ok(isSsmError(error), `${what}: ${error}`);
    assert.equal(error.code, code, `${what}: ${error.message}`);
    refusal = error;
    return true;
  });
  return refusal!;
}

Deno.test("decryptMessage() says whose certificate matches no recipient", async () => {
  await using identities = await Identities.create();
  const one = await identities.issue("rsa:2048", "one");
  const two = await identities.issue("rsa:2048", "two");
  const message = await encryptMessage(bytes("x"), one.certificate);
  const { message: text } = await assertRefused(
    message,
    two,
    "DECRYPT",
    "other",
  );
  assert.equal(
    text,
    'Cannot decrypt message: no recipient matches "/C=UK/O=Test/CN=two"',
  );
});

for (const kind of ["rsa:2048", "P-256"] as const) {
  Deno.test(`decryptMessage() refuses a member too many, wherever it is: ${kind}`, async () => {
    await using identities = await Identities.create();
    const recipient = await identities.issue(kind);
    const cms = await openssl([
      ...["cms", "-encrypt", "-aes128", "-outform", "DER"],
      ...["-recip", recipient.certificatePath],
    ], { stdin: "x" });
    await decryptMessage(opaque(cms), recipient);
    // An algorithm may have parameters.
    const algorithm = der.sequence(der.oid("1.2.840.10045.2.1"));
    const enter = (node: DerNode) => node.raw.toHex() !== algorithm.toHex();
    for (const { where, bytes } of intrusions(cms, enter)) {
      await assert.rejects(
        decryptMessage(opaque(bytes), recipient),
        (error) => error instanceof SsmError,
        where,
      );
    }
  });
}

Deno.test("decryptMessage() tells nothing about why an envelope does not open", async () => {
  await using identities = await Identities.create();
  const recipient = await identities.issue("rsa:2048");
  const good = new Uint8Array(256).fill(7);
  good.set([0, 2]);
  good[256 - 17] = 0;
  const changed = (at: number, byte: number) => {
    const block = good.slice();
    block[at] = byte;
    return block;
  };
  const blocks: Record<string, Uint8Array> = {
    "good, wrong content padding": good,
    "wrong first byte": changed(0, 1),
    "wrong block type": changed(1, 1),
    "zero in the padding": changed(100, 0),
    "no separator": changed(256 - 17, 7),
  };
  const texts = new Set<string>();
  for (const [what, block] of Object.entries(blocks)) {
    const message = envelope(recipient, {
      encryptedKey: encryptRaw(recipient, block),
    });
    // Once in 256 times a random content key finds a valid padding.
    const outcome = await decryptMessage(message, recipient).then(
      () => "opened",
      (error) => {
        assert.ok(isSsmError(error, "DECRYPT"), what);
        assert.equal(error.cause, undefined);
        return error.message;
      },
    );
    if (outcome !== "opened") texts.add(outcome);
  }
  assert.deepEqual([...texts], ["Cannot decrypt message: it does not open"]);
});

Deno.test("contentKey() opens well-formed padding alone, and gives random keys otherwise", async () => {
  await using identities = await Identities.create();
  const recipient = await identities.issue("rsa:2048");
  const algorithm = {
    oid: OID.rsaEncryption,
    parameters: undefined,
    raw: new Uint8Array(),
  };
  const open = (encryptedKey: Uint8Array, length = 16) =>
    contentKey(
      {
        kind: "transport",
        id: { subjectKeyId: new Uint8Array() },
        algorithm,
        encryptedKey,
      },
      recipient.certificate,
      recipient.key,
      length,
    );
  const block = new Uint8Array(256).fill(9);
  block.set([0, 2]);
  block[256 - 17] = 0;
  const key = block.slice(-16);
  assert.deepEqual(await open(encryptRaw(recipient, block)), key);
  for (let at = 0; at < 256 - 16; at++) {
    const wrong = block.slice();
    wrong[at] = at === 256 - 17 || at < 2 ? 5 : 0;
    const first = await open(encryptRaw(recipient, wrong));
    assert.equal(first.length, 16);
    assert.notDeepEqual(first, key, `byte ${at}`);
    if (at % 40 === 0) {
      assert.notDeepEqual(first, await open(encryptRaw(recipient, wrong)));
    }
  }
  for (
    const wrong of [
      new Uint8Array(),
      new Uint8Array(255),
      new Uint8Array(256).fill(255),
    ]
  ) {
    assert.equal((await open(wrong)).length, 16);
  }
  assert.notDeepEqual(
    (await open(encryptRaw(recipient, block), 24)).slice(-16),
    key,
  );
});

Deno.test("decryptMessage() refuses what it does not support or cannot read", async () => {
  await using identities = await Identities.create();
  const recipient = await identities.issue("rsa:2048");
  const iv = der.octetString(new Uint8Array(16));
  const cases: Record<string, [ErrorCode, EnvelopeParts]> = {
    "no recipients": ["DECRYPT", { recipients: [] }],
    "a password recipient": ["DECRYPT", {
      recipients: [der.context(3, der.integer(0))],
    }],
    "too many recipients": ["LIMIT", {
      recipients: Array.from({ length: 101 }, () => der.context(3)),
    }],
    "an unknown cipher": ["CMS", {
      cipher: der.sequence(der.oid("1.2.3"), iv),
    }],
    "GCM without authentication": ["CMS", {
      cipher: der.sequence(
        der.oid("2.16.840.1.101.3.4.1.6"),
        der.sequence(der.octetString(new Uint8Array(12))),
      ),
    }],
    "a cipher without parameters": ["CMS", {
      cipher: der.sequence(der.oid(AES128)),
    }],
    "a short IV": ["CMS", {
      cipher: der.sequence(der.oid(AES128), der.octetString(new Uint8Array(8))),
    }],
    "another content type": ["CMS", { contentType: OID.signedData }],
    "an unknown key encryption": ["CMS", {
      keyAlgorithm: der.sequence(der.oid("1.2.3")),
    }],
    "a ciphertext of no whole blocks": ["DECRYPT", {
      ciphertext: new Uint8Array(17),
    }],
    "an empty ciphertext": ["DECRYPT", { ciphertext: new Uint8Array() }],
  };
  for (const [what, [code, parts]] of Object.entries(cases)) {
    await assertRefused(envelope(recipient, parts), recipient, code, what);
  }
});

Deno.test("decryptMessage() refuses a changed AES-GCM envelope", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const recipient = await identities.issue("rsa:2048");
  assert.deepEqual(
    await runJobs(dir, [{
      name: "message",
      command:
        "printf hello | openssl cms -encrypt -aes-256-gcm -outform DER " +
        `-out message ${recipient.certificatePath}`,
    }]),
    [],
  );
  const cms = await Deno.readFile(`${dir}/message`);
  assert.equal(
    decoder.decode(await decryptMessage(opaque(cms), recipient)),
    "hello",
  );
  // The code is last, the ciphertext and the parameters of the cipher before it.
  for (let back = 1; back <= 24; back++) {
    const changed = cms.slice();
    changed[changed.length - back]! ^= 1;
    await assert.rejects(
      decryptMessage(opaque(changed), recipient),
      (error) => error instanceof SsmError,
      `${back}`,
    );
  }
});

Deno.test("decryptMessage() of a truncated or changed message fails in a known way", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const recipients = [
    await identities.issue("rsa:2048"),
    await identities.issue("P-256"),
  ];
  for (const [index, recipient] of recipients.entries()) {
    assert.deepEqual(
      await runJobs(dir, [{
        name: "message",
        command: "printf hello | openssl cms -encrypt -aes128 -outform DER " +
          `-out ${index} ${recipient.certificatePath}`,
      }]),
      [],
    );
    const cms = await Deno.readFile(`${dir}/${index}`);
    for (let at = 0; at < cms.length; at++) {
      const changed = cms.slice();
      changed[at]! ^= 1 << at % 8;
      for (const variant of [changed, cms.subarray(0, at)]) {
        await decryptMessage(opaque(variant), recipient).catch((error) =>
          assert.ok(error instanceof SsmError, `${index} at ${at}: ${error}`)
        );
      }
    }
  }
});

Deno.test("decryptMessage() refuses messages that are not encrypted, and too large ones", async () => {
  await using identities = await Identities.create();
  const recipient = await identities.issue("rsa:2048");
  const signed = await signMessage(bytes("x"), recipient);
  await assertRefused(signed, recipient, "MIME", "signed");
  await assertRefused(bytes("hello"), recipient, "MIME", "text");
  const encrypted = await encryptMessage(signed, recipient.certificate);
  await assert.rejects(
    decryptMessage(encrypted, recipient, { maxMessageBytes: 1000 }),
    (error) => isSsmError(error, "LIMIT"),
  );
  await assert.rejects(
    verifyMessage(encrypted),
    (error) => isSsmError(error, "CMS"),
  );
});

Deno.test("SmimeMessage.isEncrypted goes by the type and the content, not by words", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const signer = await identities.issue("rsa:2048");
  const words = 'Content-Type: application/x-pkcs7-mime; name="smime.p7m"';
  assert.deepEqual(
    await runJobs(dir, [{
      name: "opaque",
      command: "printf x | openssl smime -sign -text -nodetach -out opaque " +
        `-signer ${signer.certificatePath} -inkey ${signer.keyPath}`,
    }]),
    [],
  );
  const not: Uint8Array[] = [
    await Deno.readFile(`${dir}/opaque`),
    await signMessage(bytes(words), signer, { form: "text" }),
    ...[
      "",
      words,
      `X: ${words}\n\nx`,
      `${words}\n\n`,
      `${words}\n\nMII`,
      `${words}\nContent-Transfer-Encoding: base64\n\n!!!!`,
      `${words}\nContent-Transfer-Encoding: base64\n\nMIIB`,
      `${words}\n${words}\n\n0`,
    ].map(bytes),
  ];
  for (const message of not) {
    assert.equal(
      new SmimeMessage(message).isEncrypted,
      false,
      decoder.decode(message),
    );
  }
  const encrypted = await encryptMessage(bytes("x"), signer.certificate);
  assert.equal(new SmimeMessage(encrypted).isEncrypted, true);
  const text = decoder.decode(encrypted);
  const [, base64] = text.split("\n\n");
  const binary = Uint8Array.fromBase64(base64!);
  assert.ok(readDer(binary));
  const head = bytes("Content-Type: application/pkcs7-mime\n\n");
  assert.equal(
    new SmimeMessage(new Uint8Array([...head, ...binary])).isEncrypted,
    true,
  );
});
