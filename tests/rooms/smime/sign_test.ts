import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import {
  type DigestName,
  type PayloadForm,
  signMessage,
  verifyMessage,
} from "../../../lib/smime/mod.ts";
import type { KeyKind } from "../../peers/openssl/openssl.ts";
import { Identities, type Job, runJobs } from "../../kit/pki/identities.ts";
import { TEXTS } from "../../kit/smime/texts.ts";
import { bytes } from "../../kit/text.ts";

const FORMS: readonly PayloadForm[] = ["text", "quoted-printable", "base64"];
const NONCE = "1.2.840.113549.1.9.25.3";
const decoder = new TextDecoder();

Deno.test("signMessage() writes the layout of openssl smime -sign -text", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("rsa:2048");
  const message = decoder.decode(
    await signMessage(bytes("two\nlines"), signer),
  );
  const boundary = /boundary="(-{4}[0-9A-F]{32})"/.exec(message)![1]!;
  const [head, signature, tail, ...others] = message
    .split(/\n\n((?:[A-Za-z0-9+/=]{1,64}\n)+)\n/);
  assert.equal(
    head,
    'MIME-Version: 1.0\nContent-Type: multipart/signed; protocol="application/x-pkcs7-signature"; ' +
      `micalg="sha-256"; boundary="${boundary}"\n\n` +
      "This is an S/MIME signed message\n\n" +
      `--${boundary}\nContent-Type: text/plain\n\ntwo\nlines\n--${boundary}\n` +
      'Content-Type: application/x-pkcs7-signature; name="smime.p7s"\n' +
      "Content-Transfer-Encoding: base64\n" +
      'Content-Disposition: attachment; filename="smime.p7s"',
  );
  assert.match(signature!.split("\n")[0]!, /^MII.{61}$/);
  assert.equal(tail, `--${boundary}--\n\n`);
  assert.deepEqual(others, []);
});

Deno.test("signMessage() makes the CMS structure of openssl smime", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const dir = identities.dir;
  const time = new Date("2026-11-20T09:16:29Z");
  await Deno.writeFile(
    `${dir}/ours`,
    await signMessage(bytes("x"), signer, { signingTime: time }),
  );
  const failed = await runJobs(dir, [{
    name: "theirs",
    command: `printf x | openssl smime -sign -text ` +
      `-signer ${signer.certificatePath} -inkey ${signer.keyPath} >theirs`,
  }]);
  assert.deepEqual(failed, []);
  const [ours = [], theirs] = await Promise.all(
    ["ours", "theirs"].map(structure),
  );
  const nonce = ours.findIndex((line) => line.includes(NONCE));
  const added = ours.splice(nonce - 1, 4);
  assert.deepEqual(added, [
    "d=6  cons: SEQUENCE          ",
    `d=7  prim: OBJECT            :${NONCE}`,
    "d=7  cons: SET               ",
    "d=8  prim: OCTET STRING      [HEX DUMP",
  ]);
  assert.deepEqual(ours, theirs);

  /** Depth, kind and object identifiers; not what differs by intent or from run to run. */
  async function structure(name: string): Promise<string[]> {
    await runJobs(dir, [{
      name,
      command:
        `openssl smime -pk7out -in ${name} | openssl asn1parse >${name}.asn1`,
    }]);
    const lines = (await Deno.readTextFile(`${dir}/${name}.asn1`)).split("\n");
    const capabilities = lines.findIndex((line) =>
      line.includes("S/MIME Capabilities")
    );
    const rest = lines.findIndex((line, i) =>
      i > capabilities && line.includes(":ecdsa-with-SHA256")
    );
    return [...lines.slice(0, capabilities), ...lines.slice(rest)]
      .map((line) => line.replace(/^ *\d+:/, "").replace(/ hl=\d+ l= *\d+/, ""))
      .map((line) => line.replace(/(HEX DUMP|UTCTIME +).*/, "$1"));
  }
});

Deno.test("signMessage() is verified by openssl smime and cms for every key, digest and form", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const kinds: KeyKind[] = ["rsa:2048", "rsa:4096", "P-256", "P-384", "P-521"];
  const digests: DigestName[] = ["sha256", "sha384", "sha512"];
  const jobs: Job[] = [];
  for (const kind of kinds) {
    const signer = await identities.issue(kind);
    for (const digest of digests) {
      const name = `${kind.replace(":", "")}-${digest}`;
      const message = await signMessage(bytes(TEXTS.record!), signer, {
        digest,
      });
      await Deno.writeFile(`${dir}/${name}`, message);
      for (const tool of ["smime", "cms"]) {
        jobs.push({
          name: `${name} ${tool}`,
          command:
            `openssl ${tool} -verify -noverify -in ${name} -out /dev/null`,
        });
      }
    }
  }
  assert.equal(jobs.length, 30);
  assert.deepEqual(await runJobs(dir, jobs), []);
});

Deno.test("signMessage() is verified by openssl for every shape of text in every form", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const signer = await identities.issue("P-256");
  const jobs: Job[] = [];
  for (const [index, [name, text]] of Object.entries(TEXTS).entries()) {
    for (const form of FORMS) {
      const payload = bytes(text);
      if (form === "text" && !/^[\n\t -~]*$/.test(text)) continue;
      const message = await signMessage(payload, signer, { form });
      const { payload: returned } = await verifyMessage(message);
      assert.deepEqual(new Uint8Array(returned), payload, `${name} ${form}`);
      const file = `${index}-${form}`;
      await Deno.writeFile(`${dir}/${file}`, message);
      jobs.push({
        name: `${name} ${form}`,
        command: `openssl smime -verify -noverify -in ${file} -out /dev/null`,
      });
    }
  }
  assert.deepEqual(await runJobs(dir, jobs), []);
});

Deno.test("signMessage() carries any bytes", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const payloads = [
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
    new Uint8Array(1),
    new Uint8Array(0),
    new Uint8Array([0xff, 0x0d, 0x0a]),
    Uint8Array.from({ length: 200_001 }, (_, i) => i * i * 31 >> 3),
  ];
  for (const payload of payloads) {
    for (const form of ["auto", "quoted-printable", "base64"] as const) {
      const message = await signMessage(payload, signer, { form });
      const { payload: returned } = await verifyMessage(message);
      assert.deepEqual(new Uint8Array(returned), payload, form);
    }
  }
});

Deno.test("signMessage() takes the digest that suits the key", async () => {
  await using identities = await Identities.create();
  const expected = {
    "rsa:2048": "sha-256",
    "P-256": "sha-256",
    "P-384": "sha-384",
    "P-521": "sha-512",
  } as const;
  for (const [kind, micalg] of Object.entries(expected)) {
    const signer = await identities.issue(kind as KeyKind);
    const message = await signMessage(bytes("x"), signer);
    assert.ok(decoder.decode(message).includes(`micalg="${micalg}"`), kind);
  }
});

Deno.test("signMessage() signs many messages at once", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("rsa:2048");
  const payloads = Array.from({ length: 32 }, (_, i) => bytes(`number ${i}`));
  const messages = await Promise.all(
    payloads.map((payload) => signMessage(payload, signer)),
  );
  const verified = await Promise.all(
    messages.map((message) => verifyMessage(message)),
  );
  assert.deepEqual(
    verified.map(({ payload }) => decoder.decode(payload)),
    payloads.map((payload) => decoder.decode(payload)),
  );
  assert.equal(new Set(messages.map(boundaryOf)).size, 32);

  function boundaryOf(message: Uint8Array): string {
    return /boundary="([^"]+)"/.exec(decoder.decode(message))![1]!;
  }
});

Deno.test("signMessage() refuses the text form for other bytes than printable ASCII", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  for (const text of ["é", "a\r\n", "\0", "\x7f"]) {
    await assert.rejects(
      signMessage(bytes(text), signer, { form: "text" }),
      (error) => isSsmError(error, "UNSENDABLE"),
    );
  }
});

Deno.test("signMessage() refuses a key whose kind no receiver knows", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("ed25519");
  await assert.rejects(
    signMessage(bytes("x"), signer),
    (error) => isSsmError(error, "KEY"),
  );
});
