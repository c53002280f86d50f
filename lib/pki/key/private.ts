/**
 * Private keys: PKCS#1, PKCS#8 and SEC1 in PEM, plain or under a passphrase.
 *
 * The key itself stays in a handle of the runtime; nothing of it, nor of the
 * passphrase, enters an error or a log.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { isSsmError, SsmError } from "../../errors.ts";
import { type Certificate, publicKeyOf } from "../certificate/certificate.ts";
import { decryptTripleDes } from "./triple_des.ts";
import { sameBytes } from "../certificate/name.ts";
import { decodePem, encodePem, type PemBlock } from "../../asn1/mod.ts";

/** A private key of a kind that ssm can use. */
export class PrivateKey {
  /** The kind of key. */
  readonly type: "rsa" | "rsa-pss" | "ec" | "ed25519";
  readonly #keyObject: KeyObject;

  /** Wraps a key of the runtime; `SsmError` `KEY` if it is of another kind. */
  constructor(keyObject: KeyObject) {
    const type = keyObject.asymmetricKeyType;
    if (
      type !== "rsa" && type !== "rsa-pss" && type !== "ec" &&
      type !== "ed25519"
    ) throw keyError(`keys of type ${type} are not supported`);
    this.type = type;
    this.#keyObject = keyObject;
  }

  /** The handle, for `node:crypto` and `node:tls`. */
  get keyObject(): KeyObject {
    return this.#keyObject;
  }
}

const LABELS: ReadonlySet<string> = new Set([
  "PRIVATE KEY",
  "ENCRYPTED PRIVATE KEY",
  "RSA PRIVATE KEY",
  "EC PRIVATE KEY",
]);

/**
 * Reads the first private key of a PEM text; certificates and other text in it
 * are skipped.
 *
 * @param passphrase For an encrypted key; ignored if the key is not encrypted.
 * @throws {SsmError} `KEY` when there is none, it is of an unknown kind, or the
 * passphrase is missing or wrong.
 */
export function loadPrivateKey(pem: string, passphrase?: string): PrivateKey {
  const block = readBlocks(pem).find(({ label }) => LABELS.has(label));
  if (!block) throw keyError("there is no private key in the text");
  const encrypted = block.label.startsWith("ENCRYPTED") ||
    (block.headers.get("Proc-Type")?.includes("ENCRYPTED") ?? false);
  if (!encrypted) return new PrivateKey(importPlain(block));
  if (passphrase === undefined) {
    throw new SsmError(
      "KEY",
      "Cannot read private key: it is encrypted and the passphrase is missing",
      { hint: "name a file that holds it (key_passphrase_file)" },
    );
  }
  return new PrivateKey(importEncrypted(block, passphrase));
}

/** Is `key` the private half of the certificate's key? */
export function keyMatches(certificate: Certificate, key: PrivateKey): boolean {
  const own = createPublicKey(key.keyObject);
  if (
    sameBytes(own.export({ format: "der", type: "spki" }), certificate.spki)
  ) return true;
  // The same key can be encoded in two ways, such as a compressed curve point.
  try {
    const { kty, crv, n, e, x, y } = publicKeyOf(certificate)
      .export({ format: "jwk" });
    const mine = own.export({ format: "jwk" });
    return kty === mine.kty && crv === mine.crv && n === mine.n &&
      e === mine.e && x === mine.x && y === mine.y;
  } catch {
    // A key that the runtime cannot read is not one that it has loaded.
    return false;
  }
}

function readBlocks(pem: string): PemBlock[] {
  try {
    return decodePem(pem);
  } catch (error) {
    if (!isSsmError(error, "CERTIFICATE")) throw error;
    throw keyError("the PEM text is damaged");
  }
}

/** The runtime's own errors are not kept: they may quote what they could not read. */
function importPlain({ label, bytes }: PemBlock): KeyObject {
  try {
    return createPrivateKey(encodePem(label, bytes));
  } catch {
    throw keyError("it is damaged, or of a kind or size that is not supported");
  }
}

/**
 * With a wrong passphrase the runtime fails in several ways, at times only when
 * it reads what came out; and it knows no Triple DES in PKCS#8.
 */
function importEncrypted(block: PemBlock, passphrase: string): KeyObject {
  const { label, headers, bytes } = block;
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\n`);
  const pem = encodePem(label, bytes).replace(
    /^(-----BEGIN.*\n)/,
    `$1${lines.join("")}${lines.length > 0 ? "\n" : ""}`,
  );
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch {
    const plain = tryTripleDes(block, passphrase);
    if (plain) return plain;
  }
  throw new SsmError(
    "KEY",
    "Cannot read private key: it is encrypted and the passphrase is wrong, or the encryption is not supported",
    {
      hint:
        "If the passphrase is right, convert the key: openssl pkcs8 -topk8 -v2 aes-256-cbc.",
    },
  );
}

function tryTripleDes(
  { label, bytes }: PemBlock,
  passphrase: string,
): KeyObject | undefined {
  if (label !== "ENCRYPTED PRIVATE KEY") return undefined;
  try {
    const plain = decryptTripleDes(bytes, passphrase);
    if (!plain) return undefined;
    const key = createPrivateKey(encodePem("PRIVATE KEY", plain));
    plain.fill(0);
    return key;
  } catch {
    return undefined;
  }
}

function keyError(state: string): SsmError {
  return new SsmError("KEY", `Cannot read private key: ${state}`);
}
