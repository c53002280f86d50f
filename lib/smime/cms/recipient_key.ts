/**
 * The content key of an envelope, from the recipient's private key.
 *
 * Failures are not reported: a wrong key comes out instead, so that
 * the sender of crafted envelopes learns nothing from the way they fail
 * (RFC 3218 §2.3.2, on the million-message attack).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  constants,
  createHash,
  createPublicKey,
  diffieHellman,
  privateDecrypt,
  randomBytes,
} from "node:crypto";
import {
  contextTag,
  der,
  type DerNode,
  digestOfOid,
  readAlgorithm,
  readDer,
  readOctets,
  TAG,
} from "../../asn1/mod.ts";
import type { Certificate, PrivateKey } from "../../pki/mod.ts";
import { KEY_AGREEMENTS, KEY_WRAPS, OID } from "./algorithms.ts";
import { cmsError } from "./content_info.ts";
import type {
  KeyAgreement,
  KeyTransport,
  RecipientInfo,
} from "./enveloped_data.ts";

/**
 * The content key of `length` bytes; random bytes when the private key does not open it.
 *
 * @throws {SsmError} `CMS` when the algorithm is not supported, which says nothing about the key.
 */
export function contentKey(
  info: RecipientInfo,
  certificate: Certificate,
  key: PrivateKey,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return info.kind === "transport"
    ? Promise.resolve(transportedKey(info, key, length))
    : agreedKey(info, certificate, key, length);
}

function transportedKey(
  info: KeyTransport,
  key: PrivateKey,
  length: number,
): Uint8Array<ArrayBuffer> {
  const { oid, parameters } = info.algorithm;
  const substitute = new Uint8Array(randomBytes(length));
  if (oid === OID.rsaEncryption) {
    return unpadded(info.encryptedKey, key, substitute);
  }
  if (oid !== OID.rsaesOaep) {
    throw cmsError("the key encryption is not supported");
  }
  const { hash, label } = readOaep(parameters);
  try {
    const opened = privateDecrypt({
      key: key.keyObject,
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: hash,
      ...label.length > 0 && { oaepLabel: label },
    }, info.encryptedKey);
    return opened.length === length ? new Uint8Array(opened) : substitute;
  } catch {
    return substitute;
  }
}

/**
 * Opens PKCS #1 v1.5: 00 02, eight or more non-zero bytes, 00, the key. Its
 * length is known, so where each byte belongs is known too, and the choice
 * between it and the substitute is made without a branch.
 */
function unpadded(
  encryptedKey: Uint8Array,
  key: PrivateKey,
  substitute: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  let block: Uint8Array;
  try {
    block = privateDecrypt({
      key: key.keyObject,
      padding: constants.RSA_NO_PADDING,
    }, encryptedKey);
  } catch {
    // Only when it is no number below the modulus, which anybody can see.
    return substitute;
  }
  const keyStart = block.length - substitute.length;
  if (keyStart < 11) return substitute;
  let bad = block[0]! | (block[1]! ^ 2) | block[keyStart - 1]!;
  for (let i = 2; i < keyStart - 1; i++) {
    // 1 when the byte is zero: only then does the subtraction borrow.
    bad |= (block[i]! - 1) >>> 31;
  }
  const useBlock = ((bad & 0xff) - 1) >> 31;
  return substitute.map((byte, i) =>
    block[keyStart + i]! & useBlock | byte & ~useBlock
  );
}

/** RSAES-OAEP-params (RFC 4055 §4.1). */
function readOaep(parameters: DerNode | undefined) {
  let hashOid = "1.3.14.3.2.26";
  let mgfHashOid = hashOid;
  let label: Uint8Array = new Uint8Array();
  for (const field of parameters?.children ?? []) {
    const { oid, parameters: inner } = readAlgorithm(field.at(0, "parameter"));
    if (field.tag === contextTag(0)) hashOid = oid;
    else if (field.tag === contextTag(1) && oid === OID.mgf1 && inner) {
      mgfHashOid = readAlgorithm(inner).oid;
    } else if (field.tag === contextTag(2) && oid === OID.pSpecified && inner) {
      label = readOctets(inner);
    } else throw cmsError("the OAEP parameters are not supported");
  }
  const hash = digestOfOid(hashOid);
  if (!hash || hashOid !== mgfHashOid) {
    throw cmsError("the OAEP parameters are not supported");
  }
  return { hash, label: Buffer.from(label) };
}

async function agreedKey(
  info: KeyAgreement,
  certificate: Certificate,
  key: PrivateKey,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { oid, parameters } = info.algorithm;
  const hash = KEY_AGREEMENTS.get(oid);
  const wrapLength = parameters && KEY_WRAPS.get(readAlgorithm(parameters).oid);
  if (!hash || !wrapLength) {
    throw cmsError("the key agreement is not supported");
  }
  try {
    const secret = sharedSecret(info.originatorKey, certificate, key);
    const keyInfo = sharedInfo(parameters.raw, info.keyingMaterial, wrapLength);
    const wrappingKey = deriveX963(hash, secret, keyInfo, wrapLength);
    const opened = await unwrapAes(wrappingKey, info.encryptedKey);
    if (opened.length === length) return opened;
  } catch {
    // As with key transport.
  }
  return new Uint8Array(randomBytes(length));
}

function sharedSecret(
  originatorKey: DerNode,
  certificate: Certificate,
  key: PrivateKey,
): Uint8Array {
  // The sender's key is on the recipient's curve, and often does not repeat its name.
  const algorithm = readDer(certificate.spki).at(0, "algorithm");
  const spki = der.element(TAG.sequence, algorithm.raw, originatorKey.raw);
  const publicKey = createPublicKey({
    key: Buffer.from(spki),
    format: "der",
    type: "spki",
  });
  return diffieHellman({ privateKey: key.keyObject, publicKey });
}

/** ECC-CMS-SharedInfo (RFC 5753 §7.2). */
function sharedInfo(
  keyInfo: Uint8Array,
  keyingMaterial: Uint8Array | undefined,
  wrapLength: number,
): Uint8Array {
  const bits = new Uint8Array(4);
  new DataView(bits.buffer).setUint32(0, wrapLength * 8);
  return der.sequence(
    keyInfo,
    ...(keyingMaterial
      ? [der.context(0, der.octetString(keyingMaterial))]
      : []),
    der.context(2, der.octetString(bits)),
  );
}

/** The key derivation of ANSI X9.63 (SEC 1 §3.6.1). */
function deriveX963(
  hash: string,
  secret: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  for (let have = 0; have < length;) {
    const counter = new Uint8Array([0, 0, 0, blocks.length + 1]);
    const block = createHash(hash).update(secret).update(counter).update(info)
      .digest();
    blocks.push(block);
    have += block.length;
  }
  return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
}

/** RFC 3394. The unwrapped bytes need some type; HMAC takes any length. */
async function unwrapAes(
  wrappingKey: Uint8Array<ArrayBuffer>,
  wrapped: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await crypto.subtle.importKey(
    "raw",
    wrappingKey,
    "AES-KW",
    false,
    ["unwrapKey"],
  );
  const opened = await crypto.subtle.unwrapKey(
    "raw",
    wrapped.slice(),
    handle,
    "AES-KW",
    { name: "HMAC", hash: "SHA-256" },
    true,
    ["sign"],
  );
  return new Uint8Array(await crypto.subtle.exportKey("raw", opened));
}
