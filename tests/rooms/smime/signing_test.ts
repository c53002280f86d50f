import assert from "node:assert/strict";
import { der, readDer, TAG } from "../../../lib/asn1/mod.ts";
import { OID } from "../../../lib/smime/cms/algorithms.ts";
import {
  type Signing,
  signMessage,
  verifyMessage,
} from "../../../lib/smime/mod.ts";
import {
  attribute,
  clearSigned,
  type Forgery,
  forgeSignedData,
  opaque,
  textEntity,
} from "../../kit/smime/forge.ts";
import { Identities, runJobs } from "../../kit/pki/identities.ts";
import { bytes } from "../../kit/text.ts";

const ENTITY = textEntity("a record");

/** n of P-256 (SEC 2 §2.4.2). */
const ORDER =
  0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

async function signingOf(message: Uint8Array): Promise<Signing> {
  return (await verifyMessage(message)).signing;
}

Deno.test("signMessage() never makes the same signature twice, not of one text at one time", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("rsa:2048");
  const signingTime = new Date("2026-11-20T09:16:29Z");
  const signings: Signing[] = [];
  for (let i = 0; i < 3; i++) {
    const message = await signMessage(bytes("x"), signer, { signingTime });
    signings.push(await signingOf(message));
  }
  assert.ok(signings.every(({ unique }) => unique));
  assert.equal(new Set(signings.map(({ statement }) => statement)).size, 3);
});

Deno.test("signMessage() signs bytes that openssl shows, in an attribute that it passes over", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  for (const kind of ["rsa:2048", "P-256"] as const) {
    const { certificate, key } = await identities.issue(kind);
    await Deno.writeFile(
      `${dir}/ours`,
      await signMessage(bytes("x"), { certificate, key }),
    );
    const verify = `-verify -in ours -CAfile ${identities.caPath}`;
    const jobs = ["smime", "cms"].flatMap((tool) =>
      ["-purpose any -text", "-noverify -text"].map((how) => ({
        name: `${kind} ${tool} ${how}`,
        command: `openssl ${tool} ${verify} ${how} | grep -qx x`,
      }))
    );
    jobs.push({
      name: `${kind} shown`,
      command:
        "openssl cms -cmsout -print -noout -in ours | grep -q 1.2.840.113549.1.9.25.3",
    });
    assert.deepEqual(await runJobs(dir, jobs), []);
  }
});

/** What anybody can do to the structure of a message without its signature becoming bad. */
const DISGUISES: Readonly<Record<string, Forgery["signerInfos"]>> = {
  "unsigned attributes": (honest) => [
    der.sequence(
      readDer(honest).content,
      der.context(1, attribute(OID.signingTime, der.time(new Date(0)))),
    ),
  ],
  "the digest left out of the name of the algorithm": (honest) => [
    changed(honest, -2, () => der.sequence(der.oid("1.2.840.10045.2.1"))),
  ],
  "the other ECDSA signature": (honest) => [changed(honest, -1, negated)],
  "a length of more octets than necessary": (honest) => [
    changed(honest, 3, ({ content }) => {
      const { length } = content;
      return Uint8Array.from([
        0xa0,
        0x82,
        length >> 8,
        length & 255,
        ...content,
      ]);
    }),
  ],
};

for (const [what, signerInfos] of Object.entries(DISGUISES)) {
  Deno.test(`verifyMessage() knows a statement again with ${what}`, async () => {
    await using identities = await Identities.create();
    const signer = await identities.issue("P-256");
    let before: Uint8Array | undefined;
    const forged = await forgeSignedData(signer, bytes(ENTITY), {
      signerInfos: (honest) => {
        before = honest;
        return [honest];
      },
    });
    const again = await forgeSignedData(signer, bytes(ENTITY), {
      // The honest one of before: this one has another signature.
      signerInfos: () => signerInfos!(before!),
    });
    assert.notDeepEqual(again, forged);
    const [first, second] = await Promise.all(
      [forged, again].map((cms) => signingOf(clearSigned(ENTITY, cms))),
    );
    assert.deepEqual(second, first);
  });
}

Deno.test("verifyMessage() knows a statement again with more certificates, in another form, under another boundary", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("rsa:2048");
  const other = await identities.issue("P-256");
  const signed = bytes(ENTITY);
  const cms = await forgeSignedData(signer, signed);
  const honest = await signingOf(clearSigned(ENTITY, cms));
  assert.deepEqual({ ...honest, statement: "" }, {
    statement: "",
    unique: false,
    boundary: "b",
  });
  const certificates = [other, signer].map(({ certificate }) =>
    certificate.raw
  );
  const more = await forgeSignedData(signer, signed, { certificates });
  assert.deepEqual(await signingOf(clearSigned(ENTITY, more)), honest);
  const inside = await forgeSignedData(signer, signed, { content: signed });
  const { boundary, ...same } = await signingOf(opaque(inside));
  assert.equal(boundary, undefined);
  assert.equal(same.statement, honest.statement);
  const text = new TextDecoder().decode(clearSigned(ENTITY, cms));
  const moved = text.replaceAll("--b\n", "--c\n").replace("--b--", "--c--")
    .replace('boundary="b"', 'boundary="c"');
  assert.deepEqual(await signingOf(bytes(moved)), {
    ...honest,
    boundary: "c",
  });
});

Deno.test("verifyMessage() tells statements of two signers apart, and of two texts", async () => {
  await using identities = await Identities.create();
  const signers = await Promise.all(
    ["one", "two"].map((name) => identities.issue("P-256", name)),
  );
  const statements = new Set<string>();
  for (const signer of signers) {
    for (const entity of [ENTITY, textEntity("another")]) {
      for (const attributes of [undefined, null]) {
        const forgery = attributes === undefined ? {} : { attributes };
        const cms = await forgeSignedData(signer, bytes(entity), forgery);
        const { statement } = await signingOf(clearSigned(entity, cms));
        statements.add(statement);
      }
    }
  }
  assert.equal(statements.size, 8);
});

Deno.test("verifyMessage() finds one statement in what openssl signs twice without a time, and two boundaries", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const signer = await identities.issue("rsa:2048");
  const sign = "openssl smime -sign -text -noattr " +
    `-signer ${signer.certificatePath} -inkey ${signer.keyPath}`;
  const names = ["first", "second"];
  const jobs = names.map((name) => ({
    name,
    command: `printf x | ${sign} >${name}`,
  }));
  assert.deepEqual(await runJobs(dir, jobs), []);
  const [first, second] = await Promise.all(
    names.map(async (name) => signingOf(await Deno.readFile(`${dir}/${name}`))),
  );
  assert.equal(second!.statement, first!.statement);
  assert.equal(first!.unique, false);
  assert.match(first!.boundary!, /^-{4}[0-9A-F]{32}$/);
  assert.notEqual(second!.boundary, first!.boundary);
});

for (
  const [what, unique, ...values] of [
    ["of four bytes", true, der.octetString(new Uint8Array(4))],
    ["of three bytes", false, der.octetString(new Uint8Array(3))],
  ] as const
) {
  Deno.test(`verifyMessage() takes a statement with a nonce ${what} for ${unique ? "unique" : "any"}`, async () => {
    await using identities = await Identities.create();
    const signer = await identities.issue("P-256");
    const cms = await forgeSignedData(signer, bytes(ENTITY), {
      attributes: (honest) => [
        ...honest,
        attribute(OID.randomNonce, ...values),
      ],
    });
    const signing = await signingOf(clearSigned(ENTITY, cms));
    assert.equal(signing.unique, unique);
  });
}

/** A SEQUENCE with one of its members, counted from the end if negative, made anew. */
function changed(
  sequence: Uint8Array,
  index: number,
  change: (member: ReturnType<typeof readDer>) => Uint8Array,
): Uint8Array {
  const { children } = readDer(sequence);
  const at = index < 0 ? children.length + index : index;
  return der.sequence(
    ...children.map((child, i) => i === at ? change(child) : child.raw),
  );
}

/** An ECDSA signature (r, s) as (r, n - s), which is as good. */
function negated({ content }: ReturnType<typeof readDer>): Uint8Array {
  const [r, s] = readDer(content).children;
  const hex = (ORDER - BigInt(`0x${s!.content.toHex()}`)).toString(16);
  const bytes = Uint8Array.fromHex(hex.padStart(64, "0"));
  const first = bytes.findIndex((byte) => byte !== 0);
  const positive = bytes[first]! & 0x80
    ? Uint8Array.from([0, ...bytes.subarray(first)])
    : bytes.subarray(first);
  return der.octetString(
    der.sequence(r!.raw, der.element(TAG.integer, positive)),
  );
}
