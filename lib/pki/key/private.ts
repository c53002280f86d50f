/**
 * Private keys: PKCS#1, PKCS#8 and SEC1 in PEM, plain or under a passphrase.
 *
 * The key itself stays in a handle of the runtime; nothing of it, nor of the
 * passphrase, enters an error or a log.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { equalBytes } from "../../bytes.ts";
import { isSsmError, SsmError } from "../../errors.ts";
import { type Certificate, publicKeyOf } from "../certificate/certificate.ts";
import { decryptPkcs8, unsupportedEncryption } from "./encrypted.ts";
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
 * Reads the private key of a PEM text: the first that is wanted, or the first of
 * all if none is. Certificates and other text in it are skipped.
 *
 * @param passphrase For an encrypted key; ignored if the key is not encrypted.
 * @param isWanted Which of several keys is meant. Default: the first.
 * @throws {SsmError} `KEY` when there is none, or none is wanted and one is of an
 * unknown kind, or its passphrase is missing or wrong.
 */
export function loadPrivateKey(
  pem: Uint8Array | string,
  passphrase?: string,
  isWanted: (key: PrivateKey) => boolean = () => true,
): PrivateKey {
  let first: PrivateKey | undefined;
  let problem: unknown;
  for (const block of keyBlocks(pem)) {
    try {
      const key = openBlock(block, passphrase);
      if (isWanted(key)) return key;
      first ??= key;
    } catch (error) {
      problem ??= error;
    }
  }
  // The one that could not be read may be the one that is wanted.
  if (problem !== undefined) throw problem;
  return first!;
}

/** Is `key` the private half of the certificate's key? */
export function keyMatches(certificate: Certificate, key: PrivateKey): boolean {
  const own = createPublicKey(key.keyObject);
  if (
    equalBytes(own.export({ format: "der", type: "spki" }), certificate.spki)
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

/** The blocks with a private key; at least one. */
function keyBlocks(pem: Uint8Array | string): PemBlock[] {
  const blocks = readBlocks(pem);
  const keys = blocks.filter(({ label }) => LABELS.has(label));
  if (keys.length > 0) return keys;
  const others = new Set(blocks.map(({ label }) => label));
  throw keyError(
    others.size === 0
      ? "there is no private key in the text"
      : `there is no private key in the text, only ${[...others].join(", ")}`,
  );
}

function readBlocks(pem: Uint8Array | string): PemBlock[] {
  try {
    return decodePem(pem);
  } catch (error) {
    if (!isSsmError(error, "CERTIFICATE")) throw error;
    throw keyError("the PEM text is damaged");
  }
}

function openBlock(
  block: PemBlock,
  passphrase: string | undefined,
): PrivateKey {
  const { label, headers } = block;
  const encrypted = label.startsWith("ENCRYPTED") ||
    (headers.get("Proc-Type")?.includes("ENCRYPTED") ?? false);
  if (!encrypted) return new PrivateKey(importPlain(block));
  if (passphrase === undefined) {
    throw new SsmError(
      "KEY",
      "Cannot read private key: it is encrypted and the passphrase is missing",
      { hint: "name a file that holds it (key_passphrase_file)" },
    );
  }
  return new PrivateKey(
    label.startsWith("ENCRYPTED")
      ? importPkcs8(block, passphrase)
      : importTraditional(block, passphrase),
  );
}

/** The runtime's own errors are not kept: they may quote what they could not read. */
function importPlain({ label, bytes }: PemBlock): KeyObject {
  try {
    return createPrivateKey(encodePem(label, bytes));
  } catch {
    throw keyError("it is damaged, or of a kind or size that is not supported");
  }
}

function importPkcs8({ bytes }: PemBlock, passphrase: string): KeyObject {
  try {
    const plain = decryptPkcs8(bytes, passphrase);
    const key = createPrivateKey(encodePem("PRIVATE KEY", plain));
    plain.fill(0);
    return key;
  } catch (error) {
    if (isSsmError(error, "KEY")) throw error;
    throw keyError(
      isSsmError(error, "DER")
        ? "it is damaged"
        : "it is encrypted and the passphrase is wrong",
    );
  }
}

/** Ciphers of RFC 1421 headers that the runtime opens. */
const TRADITIONAL = /^(AES-(128|192|256)|DES-EDE3|DES)-CBC,/;

/** The headers go to the runtime as they were; it fails in several ways, at times only when it reads what came out. */
function importTraditional(
  { label, headers, bytes }: PemBlock,
  passphrase: string,
): KeyObject {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\n`);
  const pem = encodePem(label, bytes)
    .replace(/^(-----BEGIN.*\n)/, `$1${lines.join("")}\n`);
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch {
    if (TRADITIONAL.test(headers.get("DEK-Info") ?? "")) {
      throw keyError("it is encrypted and the passphrase is wrong");
    }
    throw unsupportedEncryption("no AES and no DES");
  }
}

function keyError(state: string): SsmError {
  return new SsmError("KEY", `Cannot read private key: ${state}`);
}
