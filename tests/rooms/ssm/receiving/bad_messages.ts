/**
 * One message of every kind that a receiver must not take in.
 *
 * @module
 */
import {
  forgeSignedData,
  opaque,
  textEntity,
} from "../../../kit/smime/forge.ts";
import { type Credentials, openssl } from "../../../peers/openssl/openssl.ts";
import type { TestPki } from "../../../kit/pki/test_pki.ts";
import { sealed, signerOf } from "../../../kit/receiving.ts";
import { bytes, text } from "../../../kit/text.ts";

/** A bad message, and what is to be said of it. */
export interface BadMessage {
  readonly name: string;
  readonly error: RegExp;
  /** The signer to be named, if any is. */
  readonly signer?: string;
  readonly make: (pki: TestPki) => Uint8Array | Promise<Uint8Array>;
}

/** What the messages say; none of it may be found in incoming. */
const RECORD = "APEL-individual-job-message: v0.3\nSite: EVIL";

/** A message of the host, sealed and then changed; the change must do something. */
function spoilt(change: (message: string) => string): BadMessage["make"] {
  return async ({ host }) => {
    const message = text(await sealed(bytes(RECORD), host));
    const changed = change(message);
    if (changed === message) throw new Error("Nothing was changed");
    return bytes(changed);
  };
}

/** Signed by `openssl smime`, in its own ways. */
function signedWith(
  signers: (pki: TestPki) => readonly Credentials[],
  ...args: string[]
): BadMessage["make"] {
  return (pki) =>
    openssl([
      ...["smime", "-sign", "-text", ...args],
      ...signers(pki).flatMap(({ certificatePath, keyPath }) => [
        ...["-signer", certificatePath, "-inkey", keyPath],
      ]),
    ], { stdin: RECORD });
}

function signedBy(signer: (pki: TestPki) => Credentials): BadMessage["make"] {
  return (pki) => sealed(bytes(RECORD), signer(pki));
}

const VERIFY = "^Failed to verify message: ";
const UNVERIFIED = `${VERIFY}Unverified signer: `;
const DECRYPT = "^Failed to decrypt message: ";

/** Every kind, for a receiver that checks CRLs. */
export const BAD_MESSAGES: readonly BadMessage[] = [
  {
    name: "an empty body",
    error: /^Empty text passed to _handle_msg\.$/,
    make: () => new Uint8Array(),
  },
  {
    name: "garbage",
    error: new RegExp(`${VERIFY}.`),
    make: () => Uint8Array.from({ length: 5000 }, (_, i) => i * i % 251),
  },
  {
    name: "a message that is not signed",
    error: new RegExp(`${VERIFY}.*not signed`),
    make: () => bytes(textEntity(RECORD)),
  },
  {
    name: "a message that is cut off",
    error: new RegExp(`${VERIFY}.*closing boundary is missing`),
    make: spoilt((message) => message.slice(0, -300)),
  },
  {
    name: "a message changed after signing",
    error: new RegExp(`${VERIFY}.*changed after signing`),
    make: spoilt((message) => message.replace("EVIL", "GOOD")),
  },
  {
    name: "a message with a third part",
    error: new RegExp(`${VERIFY}.*more than 2 parts`),
    make: spoilt((message) => {
      const delimiter = /^------[0-9A-F]+$/m.exec(message)![0];
      const extra = `${delimiter}\nContent-Type: text/plain\n\nextra\n\n`;
      return message.replace(delimiter, extra + delimiter);
    }),
  },
  {
    name: "a message with something after its end",
    error: new RegExp(`${VERIFY}.*`),
    make: spoilt((message) => {
      const delimiter = /^------[0-9A-F]+$/m.exec(message)![0];
      return `${message}\n${delimiter}\nContent-Type: text/plain\n\nextra\n`;
    }),
  },
  {
    name: "a message of two signers",
    error: new RegExp(`${VERIFY}.*signer`),
    make: signedWith(({ host, ec }) => [host, ec]),
  },
  {
    name: "a message without the signer's certificate",
    error: new RegExp(`${VERIFY}.*certificate is not included`),
    make: signedWith(({ host }) => [host], "-nocerts"),
  },
  {
    name: "a message with a weak digest",
    error: new RegExp(`${VERIFY}.*sha1 is too weak`),
    make: signedWith(({ host }) => [host], "-md", "sha1"),
  },
  {
    name: "a message whose CMS structure is garbage",
    error: new RegExp(`${VERIFY}.`),
    make: () => opaque(bytes("this is no DER")),
  },
  {
    name: "a signature under a certificate whose key it is not",
    error: new RegExp(`${VERIFY}.*not made by the signer's key`),
    make: async ({ ec, unlisted }) =>
      opaque(
        await forgeSignedData(
          {
            certificate: signerOf(ec).certificate,
            key: signerOf(unlisted).key,
          },
          bytes(textEntity(RECORD)),
          { content: bytes(textEntity(RECORD)) },
        ),
      ),
  },
  {
    name: "a signer of a foreign authority",
    error: new RegExp(UNVERIFIED),
    make: signedBy(({ rogue }) => rogue),
  },
  {
    name: "a signer whose certificate has expired",
    error: new RegExp(`${UNVERIFIED}.*expired`),
    make: signedBy(({ expired }) => expired),
  },
  {
    name: "a signer whose certificate is revoked",
    error: new RegExp(`${UNVERIFIED}.*revoked`),
    make: signedBy(({ revoked }) => revoked),
  },
  {
    name: "a signer of an authority without a CRL",
    error: new RegExp(`${UNVERIFIED}.*(CRL|revocation)`),
    make: async ({ ca }) => {
      const site = await ca.intermediate({
        subject: "/C=UK/O=Test/CN=Site CA",
      });
      const signer = await site.issue({
        subject: "/C=UK/O=Test/CN=ec.example.org",
      });
      return await openssl([
        ...["smime", "-sign", "-text"],
        ...["-signer", signer.certificatePath, "-inkey", signer.keyPath],
        ...["-certfile", site.credentials.certificatePath],
      ], { stdin: RECORD });
    },
  },
  {
    name: "a signer who is not on the list",
    error:
      /^Signer not in valid DNs list: \/C=UK\/O=Test\/CN=unlisted\.example\.org$/,
    signer: "/C=UK/O=Test/CN=unlisted.example.org",
    make: signedBy(({ unlisted }) => unlisted),
  },
  {
    name: "a signer whose DN can be misread",
    error: /^Signer has a DN that can be misread: /,
    signer: "/C=UK/O=Test/CN=x/CN=host.example.org",
    make: async ({ ca }) => {
      const signer = await ca.issue({
        subject: "/C=UK/O=Test/CN=x\\/CN=host.example.org",
      });
      return await sealed(bytes(RECORD), signer);
    },
  },
  {
    name: "a message encrypted to somebody else",
    error: new RegExp(`${DECRYPT}.*no recipient matches`),
    make: ({ host }) => sealed(bytes(RECORD), host, host),
  },
  {
    name: "an encrypted message that is cut off",
    error: new RegExp(`${DECRYPT}.`),
    make: async ({ host, server }) =>
      (await sealed(bytes(RECORD), host, server)).slice(0, -200),
  },
  {
    name: "an encrypted message changed on its way",
    error: new RegExp("^Failed to (decrypt|verify) message: ."),
    make: async ({ host, server }) => {
      const message = text(await sealed(bytes(RECORD), host, server));
      const at = message.length - 500;
      const other = message[at] === "A" ? "B" : "A";
      return bytes(message.slice(0, at) + other + message.slice(at + 1));
    },
  },
  {
    name: "an encrypted message that is not signed",
    error: new RegExp(`${VERIFY}.*not signed`),
    make: ({ server }) =>
      openssl(["smime", "-encrypt", "-aes128", server.certificatePath], {
        stdin: textEntity(RECORD),
      }),
  },
];
