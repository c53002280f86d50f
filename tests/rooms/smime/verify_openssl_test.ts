import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { verifyMessage } from "../../../lib/smime/mod.ts";
import type { KeyKind } from "../../peers/openssl/openssl.ts";
import {
  Identities,
  type Identity,
  type Job,
  runJobs,
} from "../../kit/pki/identities.ts";
import { TEXTS } from "../../kit/smime/texts.ts";
import { bytes } from "../../kit/text.ts";

/** Ways to sign, by name: the program and its options. */
const WAYS: Readonly<Record<string, string>> = {
  "clear": "smime -sign -text",
  "clear, CRLF": "smime -sign -text -crlfeol",
  "clear, streamed": "smime -sign -text -stream",
  "clear, no attributes": "smime -sign -text -noattr",
  "clear, with the chain": "smime -sign -text -certfile CA",
  "opaque": "smime -sign -text -nodetach",
  "opaque, streamed": "smime -sign -text -nodetach -stream",
  "opaque, no attributes": "smime -sign -text -nodetach -noattr",
  "cms": "cms -sign -text",
  "cms, key id": "cms -sign -text -keyid",
  "cms, signing certificate": "cms -sign -text -cades",
  "cms, opaque, key id, streamed":
    "cms -sign -text -keyid -nodetach -stream -indef",
  "cms, PSS": "cms -sign -text -keyopt rsa_padding_mode:pss",
  "cms, PSS, short salt":
    "cms -sign -text -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20",
};

/** What OpenSSL itself takes a text for: line ends are CRLF, CRs before them are lost. */
function normalised(text: string): string {
  return text.replace(/\r+\n/g, "\n").replace(/\r+$/, "");
}

function sign(way: string, signer: Identity, digest: string, caPath: string) {
  const [program, ...options] = way.replace("CA", caPath).split(" ");
  // -keyopt belongs to the signer named before it.
  return `openssl ${program} -md ${digest} -signer ${signer.certificatePath} ` +
    `-inkey ${signer.keyPath} ${options.join(" ")}`;
}

Deno.test("verifyMessage() verifies what openssl signs with every key, digest and form", async () => {
  await using identities = await Identities.create();
  const { dir, caPath } = identities;
  const kinds: KeyKind[] = ["rsa:2048", "rsa:4096", "P-256", "P-384", "P-521"];
  const signers = await Promise.all(
    kinds.map((kind) => identities.issue(kind)),
  );
  const digests = ["sha1", "sha256", "sha384", "sha512"];
  await Deno.writeTextFile(`${dir}/text`, TEXTS.record!);
  const jobs: Job[] = [];
  for (const [index, kind] of kinds.entries()) {
    for (const digest of digests) {
      for (const [number, [name, way]] of Object.entries(WAYS).entries()) {
        if (way.includes("pss") && !kind.startsWith("rsa")) continue;
        const file = `${index}-${digest}-${number}`;
        jobs.push({
          name: `${file} ${kind} ${digest} ${name}`,
          command: `${sign(way, signers[index]!, digest, caPath)} ` +
            `-in text -out ${file}`,
        });
      }
    }
  }
  assert.deepEqual(await runJobs(dir, jobs), []);
  for (const { name } of jobs) {
    const [file, kind, digest] = name.split(" ");
    const message = await Deno.readFile(`${dir}/${file}`);
    const verified = verifyMessage(message, {
      allowWeakDigests: digest === "sha1" ? "all" : "none",
    });
    // Neither of the runtime's implementations knows this pair.
    if (kind === "P-384" && digest === "sha1") {
      await assert.rejects(verified, (error) => isSsmError(error, "SIGNATURE"));
      continue;
    }
    const { payload, signer } = await verified;
    assert.equal(new TextDecoder().decode(payload), TEXTS.record, name);
    assert.deepEqual(
      signer.raw,
      signers[kinds.indexOf(kind as KeyKind)]!.certificate.raw,
    );
  }
});

Deno.test("verifyMessage() verifies SHA-3 with RSA keys", async () => {
  await using identities = await Identities.create();
  const { dir, caPath } = identities;
  await Deno.writeTextFile(`${dir}/text`, TEXTS.record!);
  const signer = await identities.issue("rsa:2048");
  const digests = ["sha3-224", "sha3-256", "sha3-384", "sha3-512"];
  const jobs = digests.map((digest) => ({
    name: digest,
    command: `${
      sign("cms -sign -text", signer, digest, caPath)
    } -in text -out ${digest}`,
  }));
  assert.deepEqual(await runJobs(dir, jobs), []);
  for (const { name } of jobs) {
    const message = await Deno.readFile(`${dir}/${name}`);
    const { payload } = await verifyMessage(message);
    assert.equal(new TextDecoder().decode(payload), TEXTS.record, name);
  }
});

Deno.test("verifyMessage() returns every shape of text that openssl signs in every form", async () => {
  await using identities = await Identities.create();
  const { dir, caPath } = identities;
  const signer = await identities.issue("rsa:2048");
  const jobs: (Job & { text: string })[] = [];
  for (const [index, [shape, text]] of Object.entries(TEXTS).entries()) {
    await Deno.writeFile(`${dir}/${index}`, bytes(text));
    for (const [number, [name, way]] of Object.entries(WAYS).entries()) {
      const file = `${index}-${number}`;
      jobs.push({
        text,
        name: `${file} ${shape} ${name}`,
        command: `${
          sign(way, signer, "sha256", caPath)
        } -in ${index} -out ${file}`,
      });
    }
  }
  assert.deepEqual(await runJobs(dir, jobs), []);
  for (const { name, text } of jobs) {
    const message = await Deno.readFile(`${dir}/${name.split(" ")[0]}`);
    const { payload } = await verifyMessage(message);
    assert.deepEqual(
      new TextDecoder().decode(payload),
      normalised(text),
      name,
    );
  }
});

Deno.test("verifyMessage() refuses SHA-1 and MD5 unless they are allowed", async () => {
  await using identities = await Identities.create();
  const { dir, caPath } = identities;
  const signer = await identities.issue("rsa:2048");
  await Deno.writeTextFile(`${dir}/text`, "x");
  const jobs = ["md5", "sha1"].flatMap((digest) =>
    ["", "-noattr"].map((options) => ({
      name: `${digest}${options}`,
      command: `${
        sign(`smime -sign -text ${options}`, signer, digest, caPath)
      } -in text -out ${digest}${options}`,
    }))
  );
  assert.deepEqual(await runJobs(dir, jobs), []);
  for (const { name } of jobs) {
    const message = await Deno.readFile(`${dir}/${name}`);
    const { payload } = await verifyMessage(message, {
      allowWeakDigests: "all",
    });
    assert.deepEqual(new Uint8Array(payload), bytes("x"), name);
    await assert.rejects(
      verifyMessage(message),
      (error) => isSsmError(error, "SIGNATURE"),
      name,
    );
  }
});

Deno.test("verifyMessage() returns signing time, signer and all certificates", async () => {
  await using identities = await Identities.create();
  const { dir, caPath } = identities;
  const signer = await identities.issue("P-256");
  await runJobs(dir, [{
    name: "message",
    command: `printf x | ${
      sign("smime -sign -text -certfile CA", signer, "sha256", caPath)
    } -out message`,
  }]);
  const before = Date.now();
  const verified = await verifyMessage(await Deno.readFile(`${dir}/message`));
  assert.deepEqual(verified.signer.raw, signer.certificate.raw);
  assert.equal(verified.certificates.length, 2);
  assert.ok(verified.signingTime);
  assert.ok(Math.abs(verified.signingTime.getTime() - before) < 60_000);
});

Deno.test("verifyMessage() tolerates what transports and other programs do to a message", async () => {
  await using identities = await Identities.create();
  const { dir, caPath } = identities;
  const signer = await identities.issue("P-256");
  await Deno.writeTextFile(`${dir}/text`, TEXTS.record!);
  await runJobs(dir, [{
    name: "clear",
    command: `${sign("smime -sign -text", signer, "sha256", caPath)} ` +
      `-in text -out clear`,
  }, {
    name: "opaque",
    command:
      `${sign("smime -sign -text -nodetach", signer, "sha256", caPath)} ` +
      `-in text -out opaque`,
  }]);
  const clear = await Deno.readTextFile(`${dir}/clear`);
  const opaque = await Deno.readTextFile(`${dir}/opaque`);
  const variants: Record<string, string> = {
    "CRLF": clear.replaceAll("\n", "\r\n"),
    "opaque, CRLF": opaque.replaceAll("\n", "\r\n"),
    "headers before": `X-Origin: here\nReceived: from a\n\tby b\n${clear}`,
    "no MIME-Version": clear.replace("MIME-Version: 1.0\n", ""),
    "names without x-": clear.replaceAll("x-pkcs7-", "pkcs7-"),
    "opaque, name without x-": opaque.replaceAll("x-pkcs7-", "pkcs7-"),
    "opaque, no smime-type": opaque.replace(" smime-type=signed-data;", ""),
    "capitals": clear.replace("multipart/signed", "Multipart/Signed")
      .replace("Content-Type: multi", "CONTENT-TYPE:   multi"),
    "folded": clear.replace("; protocol=", ";\n\tprotocol=")
      .replace("; boundary=", ";\n  boundary="),
    "no preamble": clear.replace("This is an S/MIME signed message\n\n", ""),
    "blanks after delimiters": clear.replace(/^(------.*)$/gm, "$1 \t"),
    "nothing after the end": clear.trimEnd(),
    "lines after the end": `${clear}\n\n\n`,
    "other line length": clear.replace(
      /\n\n((?:[A-Za-z0-9+/=]{1,64}\n)+)\n/,
      (_, lines: string) => `\n\n${lines.replaceAll("\n", "")}\n\n`,
    ),
  };
  for (const [name, variant] of Object.entries(variants)) {
    assert.ok(variant !== clear && variant !== opaque, name);
    const { payload } = await verifyMessage(bytes(variant));
    assert.equal(new TextDecoder().decode(payload), TEXTS.record, name);
  }
});

Deno.test("verifyMessage() decodes what is signed in other encodings", async () => {
  await using identities = await Identities.create();
  const { dir, caPath } = identities;
  const signer = await identities.issue("P-256");
  const entities: Record<string, [entity: string, payload: string]> = {
    "7bit": ["Content-Type: text/plain\n\nx\n", "x\n"],
    "8bit": [
      "Content-Type: text/plain; charset=utf-8\n" +
      "Content-Transfer-Encoding: 8bit\n\né\n",
      "é\n",
    ],
    "binary": [
      "Content-Type: application/octet-stream\n" +
      "Content-Transfer-Encoding: binary\n\nx\n",
      "x\n",
    ],
    "quoted-printable": [
      "Content-Type: text/plain; charset=utf-8\n" +
      "Content-Transfer-Encoding: Quoted-Printable\n\n" +
      "caf=C3=A9=20\nsoft =\nbreak =3d  \nend=0D=0A",
      "café \nsoft break =\nend\r\n",
    ],
    "base64": [
      "Content-Type: application/octet-stream\n" +
      "Content-Transfer-Encoding: base64\n\nYQ0KYg==\n",
      "a\r\nb",
    ],
    "encoding alone": [
      "Content-Transfer-Encoding: base64\n\nYQ==",
      "a",
    ],
  };
  const jobs: Job[] = [];
  for (const [name, [entity]] of Object.entries(entities)) {
    await Deno.writeTextFile(`${dir}/${name}`, entity);
    for (const form of ["", "-nodetach"]) {
      jobs.push({
        name: `${name}${form}`,
        command: `${sign(`smime -sign ${form}`, signer, "sha256", caPath)} ` +
          `-in '${name}' -out '${name}${form}.signed'`,
      });
    }
  }
  assert.deepEqual(await runJobs(dir, jobs), []);
  for (const { name } of jobs) {
    const { payload } = await verifyMessage(
      await Deno.readFile(`${dir}/${name}.signed`),
    );
    const [, expected] = entities[name.replace("-nodetach", "")]!;
    // Signed as it is, not as text: its line ends are those that were signed.
    const exact = name === "binary-nodetach"
      ? expected.replaceAll("\n", "\r\n")
      : expected;
    assert.equal(new TextDecoder().decode(payload), exact, name);
  }
});
