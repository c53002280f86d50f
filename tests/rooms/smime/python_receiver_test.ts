/**
 * What a receiver of the Python generation makes of our messages. It runs
 * `openssl smime -verify` in text mode, trims the result, splits it into lines
 * by Python's idea of a line, and decodes quoted-printable if the headers say so.
 */
import assert from "node:assert/strict";
import { encryptMessage, signMessage } from "../../../lib/smime/mod.ts";
import { openssl } from "../../peers/openssl/openssl.ts";
import { Identities } from "../../kit/pki/identities.ts";
import { TEXTS } from "../../kit/smime/texts.ts";
import { bytes } from "../../kit/text.ts";

const RECEIVER = `
import json, quopri, subprocess, sys

def run(arguments, message):
    return subprocess.run(["openssl", "smime"] + arguments, input=message + "\\n\\n",
                          capture_output=True, universal_newlines=True, check=True).stdout

def receive(name, certificate, key):
    with open(name, encoding="utf-8") as file:
        message = file.read()
    if "application/pkcs7-mime" in message or "application/x-pkcs7-mime" in message:
        message = run(["-decrypt", "-recip", certificate, "-inkey", key], message)
    entity = run(["-verify", "-noverify"], message).strip().splitlines()
    blank = entity.index("")
    headers, body = "\\n".join(entity[:blank]), "\\n".join(entity[blank + 1:])
    if "quoted-printable" in headers:
        return quopri.decodestring(body).decode()
    assert "base64" not in headers
    return body

directory, count, certificate, key = sys.argv[1:]
print(json.dumps([receive("%s/%d" % (directory, i), certificate, key) for i in range(int(count))]))
`;

async function receive(
  dir: string,
  messages: readonly Uint8Array[],
  certificatePath: string,
  keyPath: string,
): Promise<string[]> {
  for (const [index, message] of messages.entries()) {
    await Deno.writeFile(`${dir}/${index}`, message);
  }
  const { success, stdout, stderr } = await new Deno.Command(
    "/usr/bin/python3",
    {
      args: [
        "-c",
        RECEIVER,
        dir,
        `${messages.length}`,
        certificatePath,
        keyPath,
      ],
      env: { LC_ALL: "C.UTF-8" },
    },
  ).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("signMessage() reaches a Python receiver byte for byte, plain and encrypted", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("rsa:2048");
  const texts = Object.values(TEXTS);
  const signed = await Promise.all(
    texts.map((text) => signMessage(bytes(text), signer)),
  );
  const encrypted = await Promise.all(
    signed.map((message) => encryptMessage(message, signer.certificate)),
  );
  const received = await receive(
    identities.dir,
    [...signed, ...encrypted],
    signer.certificatePath,
    signer.keyPath,
  );
  assert.deepEqual(received, [...texts, ...texts]);
});

Deno.test("signMessage() in the text form loses only the last white space at a Python receiver", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const texts = [TEXTS.record!, TEXTS["blank lines"]!, TEXTS["long line"]!];
  const signed = await Promise.all(
    texts.map((text) => signMessage(bytes(text), signer, { form: "text" })),
  );
  const received = await receive(
    identities.dir,
    signed,
    signer.certificatePath,
    signer.keyPath,
  );
  assert.deepEqual(received, texts.map((text) => text.trimEnd()));
});

Deno.test("signMessage() puts the signer's certificate first, and alone", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const pkcs7 = await openssl(["smime", "-pk7out"], {
    stdin: await signMessage(bytes("x"), signer),
  });
  const printed = await openssl(["pkcs7", "-print_certs"], { stdin: pkcs7 });
  const pems = new TextDecoder().decode(printed)
    .match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g);
  const own = await Deno.readTextFile(signer.certificatePath);
  assert.deepEqual(pems, [own]);
});
