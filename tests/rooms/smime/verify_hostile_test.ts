import assert from "node:assert/strict";
import { type ErrorCode, isSsmError, SsmError } from "../../../lib/errors.ts";
import { der, type DerNode } from "../../../lib/asn1/mod.ts";
import { OID } from "../../../lib/smime/cms/algorithms.ts";
import {
  encryptMessage,
  signMessage,
  verifyMessage,
  type VerifyOptions,
} from "../../../lib/smime/mod.ts";
import {
  attribute,
  attributeSet,
  clearSigned,
  type Forgery,
  forgeSignedData,
  opaque,
  signedData,
  textEntity,
} from "../../kit/smime/forge.ts";
import { equalBytes } from "../../../lib/bytes.ts";
import { intrusions } from "../../kit/pki/intrusions.ts";
import { Identities, runJobs } from "../../kit/pki/identities.ts";
import { bytes } from "../../kit/text.ts";

const ENTITY = textEntity("hello");
const decoder = new TextDecoder();

async function assertRefused(
  message: Uint8Array,
  code: ErrorCode,
  what: string,
  options?: VerifyOptions,
): Promise<void> {
  await assert.rejects(verifyMessage(message, options), (error) => {
    assert.ok(isSsmError(error), `${what}: ${error}`);
    assert.equal(error.code, code, `${what}: ${error.message}`);
    return true;
  });
}

Deno.test("verifyMessage() accepts what the forger signs honestly", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const cms = await forgeSignedData(signer, bytes(ENTITY));
  const { payload } = await verifyMessage(clearSigned(ENTITY, cms));
  assert.equal(decoder.decode(payload), "hello");
  const inside = await forgeSignedData(signer, bytes(ENTITY), {
    content: bytes(ENTITY),
  });
  assert.equal(
    decoder.decode((await verifyMessage(opaque(inside))).payload),
    "hello",
  );
});

Deno.test("verifyMessage() refuses a changed body, attribute or signature", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("rsa:2048");
  const message = decoder.decode(
    await signMessage(bytes("amount: 1"), signer, { form: "text" }),
  );
  const changed = (from: string | RegExp, to: string) => {
    const result = message.replace(from, to);
    assert.notEqual(result, message);
    return bytes(result);
  };
  await assertRefused(changed("amount: 1", "amount: 9"), "SIGNATURE", "body");
  await assertRefused(changed("amount", "\namount"), "SIGNATURE", "line added");
  await assertRefused(
    changed("text/plain", "text/plaim"),
    "SIGNATURE",
    "header",
  );
  await assertRefused(
    changed("Content-Type: text/plain\n", "Content-Type: text/plain\nX: y\n"),
    "SIGNATURE",
    "header added",
  );
  for (const [what, first] of [["signature", 1], ["attributes", 0]] as const) {
    const cms = await forgeSignedData(signer, bytes(ENTITY), {
      signerInfos: (honest) => {
        const flipped = honest.slice();
        // The signature lies at the end; the digest in the attributes before it.
        flipped[first ? honest.length - 9 : honest.length - 290]! ^= 1;
        return [flipped];
      },
    });
    await assertRefused(clearSigned(ENTITY, cms), "SIGNATURE", what);
  }
});

Deno.test("verifyMessage() returns the certificate that the signer names, wherever it stands", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256", "signer");
  const other = await identities.issue("P-256", "other");
  for (
    const certificates of [
      [other.certificate.raw, signer.certificate.raw],
      [signer.certificate.raw, other.certificate.raw],
      [signer.certificate.raw, signer.certificate.raw],
    ]
  ) {
    const cms = await forgeSignedData(signer, bytes(ENTITY), {
      certificates,
    });
    const verified = await verifyMessage(clearSigned(ENTITY, cms));
    assert.deepEqual(verified.signer.raw, signer.certificate.raw);
    assert.equal(verified.certificates.length, 2);
  }
});

Deno.test("verifyMessage() refuses a signer who names another's certificate", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256", "signer");
  const victim = await identities.issue("P-256", "victim");
  const { issuer, serial, extensions } = victim.certificate;
  const sids = [
    der.sequence(issuer.raw, der.element(2, serial)),
    der.contextPrimitive(0, extensions.subjectKeyId!),
  ];
  for (const sid of sids) {
    const cms = await forgeSignedData(signer, bytes(ENTITY), {
      sid,
      certificates: [signer.certificate.raw, victim.certificate.raw],
    });
    await assertRefused(clearSigned(ENTITY, cms), "SIGNATURE", "named another");
  }
});

Deno.test("verifyMessage() refuses structures that RFC 5652 or ssm forbid", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const { raw } = signer.certificate;
  const look = raw.slice();
  look[look.length - 1]! ^= 1;
  const wrongHash = der.octetString(new Uint8Array(32));
  const cases: Record<string, [ErrorCode, Forgery]> = {
    "no signer": ["CMS", { signerInfos: () => [] }],
    "two signers": ["CMS", { signerInfos: (one) => [one, one] }],
    "no certificate": ["CMS", { certificates: [] }],
    "two certificates of one name": ["CMS", { certificates: [look, raw] }],
    "a broken certificate": ["CERTIFICATE", {
      certificates: [raw, der.sequence(der.nullValue())],
    }],
    "no message digest": ["CMS", { attributes: ([type]) => [type!] }],
    "no content type": ["CMS", { attributes: ([, digest]) => [digest!] }],
    "a repeated attribute": ["CMS", {
      attributes: ([type, digest]) => [type!, digest!, digest!],
    }],
    "an attribute of two values": ["CMS", {
      attributes: ([type]) => [
        type!,
        attribute(
          OID.messageDigest,
          wrongHash,
          der.octetString(new Uint8Array()),
        ),
      ],
    }],
    "an attribute of no value": ["CMS", {
      attributes: ([type]) => [type!, attribute(OID.messageDigest)],
    }],
    "a wrong digest": ["SIGNATURE", {
      attributes: ([type]) => [
        type!,
        attribute(OID.messageDigest, wrongHash),
      ],
    }],
    "another signed content type": ["CMS", {
      attributes: ([, digest]) => [
        attribute(OID.contentType, der.oid(OID.signedData)),
        digest!,
      ],
    }],
    "another content type": ["CMS", { contentType: OID.envelopedData }],
    "another certificate's hash": ["SIGNATURE", {
      attributes: (honest) => [
        ...honest,
        attribute(
          OID.signingCertificateV2,
          der.sequence(der.sequence(der.sequence(wrongHash))),
        ),
      ],
    }],
    "an unknown digest": ["CMS", {
      digestAlgorithm: der.sequence(der.oid("1.2.3.4")),
    }],
    "another digest than the signature's": ["SIGNATURE", {
      digestAlgorithm: der.sequence(der.oid("2.16.840.1.101.3.4.2.2")),
      attributes: null,
    }],
    "a second content": ["CMS", { content: bytes(textEntity("other")) }],
  };
  for (const [what, [code, forgery]] of Object.entries(cases)) {
    const cms = await forgeSignedData(signer, bytes(ENTITY), forgery);
    await assertRefused(clearSigned(ENTITY, cms), code, what);
  }
  const detached = await forgeSignedData(signer, bytes(ENTITY));
  await assertRefused(opaque(detached), "CMS", "no content");
});

Deno.test("verifyMessage() refuses a member too many, wherever it is", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const { raw } = signer.certificate;
  // Inside the certificate it would be the issuer's signature that is wrong,
  // and there nothing is looked at here. An algorithm may have parameters.
  const algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"));
  const enter = (node: DerNode) =>
    !equalBytes(node.raw, raw) && !equalBytes(node.raw, algorithm);
  const content = bytes(ENTITY);
  const forms: [Forgery, (cms: Uint8Array) => Uint8Array][] = [
    [{}, (cms) => clearSigned(ENTITY, cms)],
    [{ attributes: null }, (cms) => clearSigned(ENTITY, cms)],
    [{ content }, opaque],
  ];
  let tried = 0;
  for (const [forgery, message] of forms) {
    const cms = await forgeSignedData(signer, content, forgery);
    await verifyMessage(message(cms));
    for (const { where, bytes } of intrusions(cms, enter)) {
      tried++;
      await assert.rejects(
        verifyMessage(message(bytes)),
        (error) => error instanceof SsmError,
        where,
      );
    }
  }
  assert.ok(tried > 100, `${tried}`);
});

Deno.test("verifyMessage() does not take signed attributes for a signed content", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  let attributes = new Uint8Array();
  let honest = new Uint8Array();
  await forgeSignedData(signer, bytes(ENTITY), {
    attributes: (list) => {
      attributes = attributeSet(list);
      return list;
    },
    signerInfos: (info) => {
      honest = new Uint8Array(info);
      return [info];
    },
  });
  // The same signature, said to be over the attributes as content.
  const start = honest.findIndex((_, i) =>
    honest[i] === 0xa0 &&
    attributes.subarray(1).every((byte, k) => honest[i + 1 + k] === byte)
  );
  const inside = new Uint8Array([
    ...honest.subarray(honest[1]! & 0x80 ? 3 : 2, start),
    ...honest.subarray(start + attributes.length),
  ]);
  const cms = signedData({
    contentType: OID.data,
    content: attributes,
    certificates: [signer.certificate.raw],
    signerInfos: [der.sequence(inside)],
  });
  await assertRefused(opaque(cms), "MIME", "attributes as content");
});

Deno.test("verifyMessage() refuses what openssl makes without certificate or with two signers", async () => {
  await using identities = await Identities.create();
  const one = await identities.issue("P-256", "one");
  const two = await identities.issue("P-256", "two");
  const common = `printf x | openssl smime -sign -text ` +
    `-signer ${one.certificatePath} -inkey ${one.keyPath}`;
  const jobs = [
    { name: "nocerts", command: `${common} -nocerts -out nocerts` },
    {
      name: "two",
      command: `${common} -signer ${two.certificatePath} ` +
        `-inkey ${two.keyPath} -out two`,
    },
  ];
  assert.deepEqual(await runJobs(identities.dir, jobs), []);
  for (const { name } of jobs) {
    const message = await Deno.readFile(`${identities.dir}/${name}`);
    await assertRefused(message, "CMS", name);
  }
});

Deno.test("verifyMessage() refuses an encrypted and an unsigned message", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("rsa:2048");
  const encrypted = await encryptMessage(bytes("x"), signer.certificate);
  await assertRefused(encrypted, "CMS", "encrypted");
  for (
    const text of [
      "",
      "\n",
      "hello",
      "Site: A\nJobs: 3\n\n",
      "Content-Type: text/plain\n\nhello\n",
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n",
      "Content-Type: application/pkcs7-mime\n\n",
      "Content-Type: application/pkcs7-mime\n\nhello",
    ]
  ) {
    await assert.rejects(
      verifyMessage(bytes(text)),
      (error) => isSsmError(error, "MIME") || isSsmError(error, "DER"),
      JSON.stringify(text),
    );
  }
});

Deno.test("verifyMessage() keeps its limits", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const message = await signMessage(bytes("hello"), signer);
  const { length } = message;
  await verifyMessage(message, { limits: { maxMessageBytes: length } });
  await assertRefused(message, "LIMIT", "size", {
    limits: { maxMessageBytes: length - 1 },
  });
  await assertRefused(message, "LIMIT", "headers", {
    limits: { maxHeaderBytes: 100 },
  });
  await assertRefused(message, "LIMIT", "signature", {
    limits: { maxStructureBytes: 500 },
  });
  const many = Array.from({ length: 51 }, () => signer.certificate.raw);
  const cms = await forgeSignedData(signer, bytes(ENTITY), {
    certificates: many,
  });
  await assertRefused(clearSigned(ENTITY, cms), "LIMIT", "certificates");
  const endless = new Uint8Array(1 << 20).fill(0x41);
  await assertRefused(endless, "LIMIT", "no headers");
});

Deno.test("verifyMessage() refuses deep nesting", async () => {
  let bomb: Uint8Array = der.nullValue();
  for (let i = 0; i < 2000; i++) bomb = der.sequence(bomb);
  await assertRefused(opaque(bomb), "DER", "bomb");
  const streamed = new Uint8Array(200_000).fill(0x80).map((byte, i) =>
    i % 2 ? byte : 0x30
  );
  await assertRefused(opaque(streamed), "DER", "indefinite bomb");
});

Deno.test("verifyMessage() of a truncated or changed message is refused, or returns what was signed", async () => {
  await using identities = await Identities.create();
  for (const kind of ["P-256", "rsa:2048"] as const) {
    const signer = await identities.issue(kind);
    const check = async (variant: Uint8Array, what: string) => {
      const verified = await verifyMessage(variant).catch((error) => {
        assert.ok(error instanceof SsmError, `${what}: ${error}`);
      });
      if (!verified) return;
      // Preamble, blanks, or the certificate, for which its issuer answers.
      assert.equal(decoder.decode(verified.payload), "hello", what);
      assert.deepEqual(verified.signer.spki, signer.certificate.spki, what);
    };
    const message = await signMessage(bytes("hello"), signer);
    for (let at = 0; at < message.length; at++) {
      await check(message.subarray(0, at), `${kind} cut at ${at}`);
      await check(flipped(message, at), `${kind} changed at ${at}`);
    }
    const cms = await forgeSignedData(signer, bytes(ENTITY));
    for (let at = 0; at < cms.length; at++) {
      await check(
        clearSigned(ENTITY, flipped(cms, at)),
        `${kind} CMS changed at ${at}`,
      );
    }
  }

  function flipped(bytes: Uint8Array, at: number): Uint8Array {
    const copy = bytes.slice();
    copy[at]! ^= 1 << at % 8;
    return copy;
  }
});
