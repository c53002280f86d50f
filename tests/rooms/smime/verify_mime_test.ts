import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { verifyMessage } from "../../../lib/smime/mod.ts";
import {
  clearSigned,
  forgeSignedData,
  opaque,
  textEntity,
} from "../../kit/smime/forge.ts";
import { Identities } from "../../kit/pki/identities.ts";
import { bytes } from "../../kit/text.ts";

const decoder = new TextDecoder();
const ENTITY = textEntity("hello");

async function assertMime(message: string, what: string): Promise<void> {
  await assert.rejects(
    verifyMessage(bytes(message)),
    (error) => {
      assert.ok(isSsmError(error, "MIME"), `${what}: ${error}`);
      return true;
    },
    what,
  );
}

Deno.test("verifyMessage() refuses a message that two readers could understand differently", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const cms = await forgeSignedData(signer, bytes(ENTITY));
  const message = decoder.decode(clearSigned(ENTITY, cms));
  await verifyMessage(bytes(message));
  const part = "--b\nContent-Type: text/plain\n\nsmuggled\n";
  const changes: Record<string, [from: string, to: string]> = {
    "a part before": ["--b\nContent", `${part}--b\nContent`],
    "a part between": [
      "\n--b\nContent-Type: application",
      `\n${part}--b\nContent-Type: application`,
    ],
    "a part after": ["\n--b--", `\n${part}\n--b--`],
    "a part after the end": ["\n--b--\n", `\n--b--\n${part}--b--\n`],
    "no end": ["\n--b--\n", "\n"],
    "one part": ["\n--b\nContent-Type: application", "\nContent-Type: x"],
    "a delimiter with a tail": [
      "\n--b\nContent-Type: app",
      "\n--bx\nContent-Type: app",
    ],
    "no boundary": ['; boundary="b"', ""],
    "an empty boundary": ['boundary="b"', 'boundary=""'],
    "a wild boundary": ['boundary="b"', 'boundary="b\\\\"'],
    "two boundaries": ['boundary="b"', 'boundary="b"; boundary="c"'],
    "a boundary in pieces": ['boundary="b"', 'boundary*0="b"'],
    "two types": ["MIME-Version: 1.0", "Content-Type: text/plain"],
    "a broken type": ["multipart/signed", "multipart signed"],
    "a comment in the type": ["multipart/signed;", "multipart/signed (x);"],
    "an encoded whole": [
      "MIME-Version: 1.0",
      "Content-Transfer-Encoding: base64",
    ],
    "two encodings": [
      "Content-Transfer-Encoding: base64",
      "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit",
    ],
    "an unknown encoding": [
      "Content-Transfer-Encoding: base64",
      "Content-Transfer-Encoding: x-uuencode",
    ],
    "another protocol": [
      "multipart/signed;",
      'multipart/signed; protocol="application/pgp-signature";',
    ],
    "a signature of another type": [
      "application/pkcs7-signature",
      "application/octet-stream",
    ],
    "a line that is no header": ["MIME-Version: 1.0", "MIME-Version"],
    "a NUL in a header": ["MIME-Version: 1.0", "MIME-Version: 1\0"],
    "a bare CR in a header": ["MIME-Version: 1.0", "MIME-Version: 1\rX: y"],
    "a blank line first": ["MIME-Version: 1.0", "\nMIME-Version: 1.0"],
    "a folded first line": ["MIME-Version: 1.0", " MIME-Version: 1.0"],
    "broken base64": ["base64\n\nMII", "base64\n\nMI!"],
  };
  for (const [what, [from, to]] of Object.entries(changes)) {
    const changed = message.replace(from, to);
    assert.notEqual(changed, message, what);
    await assertMime(changed, what);
  }
});

Deno.test("verifyMessage() takes what others make around the same message", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const cms = await forgeSignedData(signer, bytes(ENTITY));
  const message = decoder.decode(clearSigned(ENTITY, cms));
  const encoding = "Content-Transfer-Encoding: base64\n";
  const variants: Record<string, string> = {
    "a byte order mark": `\ufeff${message}`,
    "a line of a mailbox": `From me@host Fri Nov 27 10:00:00 2026\n${message}`,
    "both": `\ufeffFrom me\r\n${message}`,
    "an epilogue": `${message}\n-- \nA mailing list\n`,
    "a signature that does not say its encoding": message.replace(encoding, ""),
    "a signature that says 7bit": message.replace(
      encoding,
      "Content-Transfer-Encoding: 7bit\n",
    ),
    "a comment behind the encoding": message.replace(
      "base64\n",
      "base64 (of the signature)\n",
    ),
  };
  for (const [what, variant] of Object.entries(variants)) {
    assert.notEqual(variant, message, what);
    const { payload } = await verifyMessage(bytes(variant));
    assert.equal(decoder.decode(payload), "hello", what);
  }
  const content = await forgeSignedData(signer, bytes(ENTITY), {
    content: bytes(ENTITY),
  });
  const whole = decoder.decode(opaque(content)).replace(encoding, "");
  const { payload } = await verifyMessage(bytes(whole));
  assert.equal(decoder.decode(payload), "hello");
});

Deno.test("verifyMessage() refuses a signed part that is no single payload", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const entities: Record<string, string> = {
    "text without headers": "hello",
    "text that looks like headers": "Site: A\r\nJobs: 3\r\n\r\nmore",
    "headers without a blank line": "Content-Type: text/plain",
    "nothing": "",
    "a multipart":
      "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--",
    "a message": "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx",
    "an encrypted message": "Content-Type: application/pkcs7-mime\r\n\r\nx",
    "two types":
      "Content-Type: text/plain\r\nContent-Type: text/plain\r\n\r\nx",
    "an unknown encoding":
      "Content-Type: text/plain\r\nContent-Transfer-Encoding: y\r\n\r\nx",
    "broken quoted-printable":
      "Content-Transfer-Encoding: quoted-printable\r\n\r\na=zz",
    "broken base64": "Content-Transfer-Encoding: base64\r\n\r\nabc",
  };
  for (const [what, entity] of Object.entries(entities)) {
    const clear = await forgeSignedData(signer, bytes(entity));
    await assertMime(decoder.decode(clearSigned(entity, clear)), what);
    const inside = await forgeSignedData(signer, bytes(entity), {
      content: bytes(entity),
    });
    await assertMime(decoder.decode(opaque(inside)), `${what}, opaque`);
  }
});

Deno.test("verifyMessage() delivers opaque binary content as it was signed", async () => {
  await using identities = await Identities.create();
  const signer = await identities.issue("P-256");
  const body = "a\r\nb\nc\r\0";
  for (
    const [type, expected] of [
      ["application/octet-stream", body],
      ["text/plain", "a\nb\nc\r\0"],
    ] as const
  ) {
    const entity = bytes(`Content-Type: ${type}\r\n\r\n${body}`);
    const cms = await forgeSignedData(signer, entity, { content: entity });
    const { payload } = await verifyMessage(opaque(cms));
    assert.equal(decoder.decode(payload), expected, type);
  }
});
