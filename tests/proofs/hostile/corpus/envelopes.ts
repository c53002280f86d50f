/**
 * Envelopes: whatever might be learnt from the way in which one does not open.
 *
 * @module
 */
import { der } from "../../../../lib/asn1/mod.ts";
import { OID } from "../../../../lib/smime/cms/algorithms.ts";
import { encryptMessage, signMessage } from "../../../../lib/smime/mod.ts";
import { openssl } from "../../../peers/openssl/openssl.ts";
import { opaque } from "../../../kit/smime/forge.ts";
import {
  AES128,
  encryptRaw,
  envelope,
  type EnvelopeParts,
} from "../../../kit/smime/forge_envelope.ts";
import { bytes } from "../../../kit/text.ts";
import {
  type Chapter,
  clear,
  DECRYPT,
  ENTITY,
  type HostileMessage,
  inside,
  notListed,
  READ,
  RECORD,
} from "../message.ts";
import { dnOf, type HostileSite } from "../site.ts";

/** All that is ever said of an envelope that does not open. */
export const CLOSED = `${DECRYPT}Cannot decrypt message: it does not open`;
const UNREADABLE = `${DECRYPT}Cannot read message: `;
const NOBODY = `${DECRYPT}Cannot decrypt message: no recipient matches "${
  dnOf("receiver")
}"`;

/** Encrypted by an honest program to the receiver. */
function sealed(
  message: (site: HostileSite) => Uint8Array | Promise<Uint8Array>,
): HostileMessage["make"] {
  return async (site) =>
    await encryptMessage(await message(site), site.receiver.certificate);
}

function crafted(
  name: string,
  error: string,
  parts: (site: HostileSite) => EnvelopeParts,
): HostileMessage {
  return {
    name,
    error,
    make: (site) => envelope(site.receiver, parts(site)),
  };
}

/** A block of PKCS #1 that carries a key of so many bytes. */
function block(keyBytes: number): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(256).fill(7);
  padded.set([0, 2]);
  padded[255 - keyBytes] = 0;
  return padded;
}

/** Of no whole blocks: it never opens, while one in 256 others would with a wrong key. */
const CIPHERTEXT = new Uint8Array(63).fill(3);

/**
 * One flaw each in the encrypted key. The content never opens either, so that
 * the flaw in the key must not show.
 */
function badKey(
  name: string,
  encryptedKey: (site: HostileSite) => Uint8Array,
): HostileMessage {
  return crafted(`a key ${name}`, CLOSED, (site) => ({
    encryptedKey: encryptedKey(site),
    ciphertext: CIPHERTEXT,
  }));
}

function raw(change: (block: Uint8Array) => void, keyBytes = 16) {
  return ({ receiver }: HostileSite) => {
    const padded = block(keyBytes);
    change(padded);
    return encryptRaw(receiver, padded);
  };
}

/** Every way in which an encrypted key can be bad, and a good one. */
export const ORACLES: Chapter = {
  title: "decryption oracles",
  messages: [
    badKey("that is right", raw(() => {})),
    badKey("whose padding begins wrongly", raw((key) => key[0] = 1)),
    badKey("of another block type", raw((key) => key[1] = 1)),
    badKey("with a zero in its padding", raw((key) => key[100] = 0)),
    badKey("without a separator", raw((key) => key[239] = 7)),
    badKey("that is too short", raw(() => {}, 8)),
    badKey("that is too long", raw(() => {}, 32)),
    badKey("of no bytes", raw(() => {}, 0)),
    badKey(
      "that is no number below the modulus",
      () => new Uint8Array(256).fill(255),
    ),
    badKey("that is zero", () => new Uint8Array(256)),
    badKey("that is one", () => new Uint8Array(256).with(255, 1)),
    badKey("cut off", () => new Uint8Array(255).fill(1)),
    badKey("grown", () => new Uint8Array(5000).fill(1)),
    badKey("missing", () => new Uint8Array()),
    crafted("a key of OAEP that is none", CLOSED, () => ({
      keyAlgorithm: der.sequence(der.oid(OID.rsaesOaep), der.sequence()),
      ciphertext: CIPHERTEXT,
    })),
    crafted("a content of no whole blocks", CLOSED, () => ({
      ciphertext: new Uint8Array(17),
    })),
    crafted("no content", CLOSED, () => ({ ciphertext: new Uint8Array() })),
    {
      name: "a changed code of AES-GCM",
      error: CLOSED,
      make: async ({ receiver }) => {
        const cms = await openssl([
          ...["cms", "-encrypt", "-aes-128-gcm", "-outform", "DER"],
          receiver.certificatePath,
        ], { stdin: ENTITY });
        cms[cms.length - 1]! ^= 1;
        return opaque(cms);
      },
    },
  ],
};

export const ENVELOPES: Chapter = {
  title: "envelopes",
  messages: [
    {
      name: "an honest message in an envelope",
      make: sealed(({ honest }) => signMessage(bytes(RECORD), honest)),
    },
    {
      name: "an opaque message in an envelope",
      make: sealed(({ honest }) => inside(honest)),
    },
    {
      name: "a stranger's message in an envelope",
      ...notListed("unlisted"),
      make: sealed(({ unlisted }) => clear(unlisted)),
    },
    {
      name: "an unsigned record in an envelope",
      error: `${READ}it is not signed`,
      make: sealed(() => bytes(ENTITY)),
    },
    {
      name: "an envelope in an envelope",
      error:
        "Failed to verify message: Cannot read message: it is not signed data",
      make: sealed(async (site) =>
        await encryptMessage(
          await clear(site.honest),
          site.receiver.certificate,
        )
      ),
    },
    {
      name: "an envelope for somebody else",
      error: NOBODY,
      make: async (site) =>
        await encryptMessage(
          await clear(site.honest),
          site.issue(site.honest.certificate.subject.raw, {
            key: site.receiver.key.keyObject,
          }).certificate,
        ),
    },
    crafted("an envelope for nobody", NOBODY, () => ({ recipients: [] })),
    crafted("an envelope for a password", NOBODY, () => ({
      recipients: [der.context(3, der.integer(0))],
    })),
    crafted(
      "an envelope for a hundred and one",
      `${UNREADABLE}recipients: 101, at most 100 are allowed`,
      () => ({ recipients: Array.from({ length: 101 }, () => der.context(3)) }),
    ),
    crafted(
      "an envelope with two megabytes for its recipients",
      `${UNREADABLE}bytes of envelope: 2097314, at most 1048576 are allowed`,
      () => ({ encryptedKey: new Uint8Array(2 << 20) }),
    ),
    crafted(
      "an unknown cipher",
      `${UNREADABLE}the cipher is not supported`,
      () => ({
        cipher: der.sequence(
          der.oid("1.2.3"),
          der.octetString(new Uint8Array(16)),
        ),
      }),
    ),
    crafted(
      "an initialisation vector of eight bytes",
      `${UNREADABLE}the initialisation vector has a wrong length`,
      () => ({
        cipher: der.sequence(
          der.oid(AES128),
          der.octetString(new Uint8Array(8)),
        ),
      }),
    ),
    crafted(
      "an unknown encryption of the key",
      `${UNREADABLE}the key encryption is not supported`,
      () => ({ keyAlgorithm: der.sequence(der.oid("1.2.3")) }),
    ),
    crafted(
      "an envelope that says to hold signed data",
      `${UNREADABLE}the encrypted content is not plain data`,
      () => ({ contentType: OID.signedData }),
    ),
    {
      name: "signed data that says to be an envelope",
      error: `${READ}it is not signed data`,
      make: () =>
        opaque(der.sequence(der.oid(OID.data), der.context(0, der.sequence()))),
    },
  ],
};
