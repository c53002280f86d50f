/**
 * Whether the handshake of TLS has proved that a peer's certificate is its own.
 *
 * A certificate is public. What proves that a peer may show it is a signature in
 * the handshake, made with its private key. The runtime checks that signature
 * with the public key that its own reader of X.509 finds in the leaf.
 * Where that reader gives up, `node:tls` of Deno goes on **as if the signature
 * were right**, with `rejectUnauthorized`, too: anybody can then show
 * anybody's certificate. That is so for leaves of version 1 and 2 on both sides
 * and, for a client, for every leaf that the reader finds badly encoded.
 *
 * So a leaf counts only if any reader takes it: version 3, DER to the last bit,
 * every extension that the runtime reads in its proper shape, a key of a kind
 * that the runtime knows. It is stricter than the runtime on purpose: the
 * reader of another version of Deno may be stricter, too. Certificates above
 * the leaf sign nothing in the handshake and need none of this.
 *
 * Source: RFC 5280 §4.1 and §4.2, RFC 8446 §4.4.3, RFC 5246 §7.4.3 and §7.4.8.
 *
 * @module
 */
import {
  contextTag,
  der,
  derError,
  type DerNode,
  OID,
  readBitString,
  readCanonicalDer,
  readOid,
  TAG,
} from "../../asn1/mod.ts";
import { isSsmError, reason, SsmError } from "../../errors.ts";

/**
 * Does nothing if the runtime must have checked the peer's proof for this leaf.
 *
 * @param leaf The peer's own certificate, as it came in the handshake.
 * @param whom What to call the peer in the error.
 * @throws {SsmError} `TRUST` if it may not have.
 */
export function requireProofOfKey(leaf: Uint8Array, whom: string): void {
  try {
    requireOrdinaryLeaf(leaf);
  } catch (cause) {
    if (!isSsmError(cause, "DER")) throw cause;
    const state = reason(cause).replace(/^.*?: /, "");
    throw new SsmError(
      "TRUST",
      `Cannot trust ${whom}: TLS does not prove that its certificate is its own (${state})`,
      { cause, hint: HINT },
    );
  }
}

const HINT =
  "let it show a certificate of X.509 version 3; `openssl x509 -req` makes one with -extfile FILE, where FILE says subjectAltName=DNS:its.host.name";

/** No element may have more octets; the runtime's reader stops at 2^16 - 1. */
const MAX_BYTES = 0xffff;

/** Of a serial number (RFC 5280 §4.1.2.2). */
const MAX_SERIAL_BYTES = 20;

function requireOrdinaryLeaf(leaf: Uint8Array): void {
  if (leaf.length > MAX_BYTES) throw derError("certificate is too large");
  const [tbs, algorithm, signature] = members(
    sequenceOf(leaf, "certificate"),
    "certificate",
    [TAG.sequence, TAG.sequence, TAG.bitString],
  );
  readBitString(signature!);
  const { children } = tbs!;
  requireVersion3(children[0]);
  const [, serial, claimed, , validity, , key, extensions] = members(
    tbs!,
    "signed part",
    [
      contextTag(0),
      TAG.integer,
      ...[TAG.sequence, TAG.sequence, TAG.sequence, TAG.sequence, TAG.sequence],
      // Unique identifiers, which might come before, are of version 2.
      ...(children.length > 7 ? [contextTag(3)] : []),
    ],
  );
  if (
    serial!.content[0]! >= 0x80 || serial!.content.length > MAX_SERIAL_BYTES
  ) throw derError("serial number is negative or too long");
  if (claimed!.raw.toHex() !== algorithm!.raw.toHex()) {
    throw derError("certificate names two signature algorithms");
  }
  if (validity!.children.length !== 2) throw derError("validity is no pair");
  requireKnownKey(key!);
  if (extensions !== undefined) requireKnownExtensions(extensions);
}

function sequenceOf(bytes: Uint8Array, what: string): DerNode {
  return readCanonicalDer(bytes).expect(TAG.sequence, what);
}

/** The elements inside, which must have just these tags. */
function members(
  node: DerNode,
  what: string,
  tags: readonly number[],
): readonly DerNode[] {
  const { children } = node;
  if (
    children.length !== tags.length ||
    tags.some((tag, index) => children[index]!.tag !== tag)
  ) throw derError(`${what} has other members than it should have`);
  return children;
}

function requireVersion3(node: DerNode | undefined): void {
  // Version 1 is the default, which DER leaves out.
  const field = node?.tag === contextTag(0) ? node.content.toHex() : "020100";
  if (field === "020102") return;
  const version = Number(/^02010([0-9])$/.exec(field)?.[1]) + 1;
  if (version === 1) {
    throw derError(
      "it is of X.509 version 1, as `openssl x509 -req` makes it without -extfile, and not 3",
    );
  }
  throw derError(
    version > 1
      ? `it is of X.509 version ${version} and not 3`
      : "its version is malformed",
  );
}

/** Algorithm identifiers of the keys that the runtime verifies with, and what the key bits look like. */
const KEYS: ReadonlyMap<string, (bits: Uint8Array) => boolean> = new Map([
  [algorithm("1.2.840.113549.1.1.1", der.nullValue()), isRsaKey],
  [onCurve("1.2.840.10045.3.1.7"), isPointOf(32)],
  [onCurve("1.3.132.0.34"), isPointOf(48)],
  [onCurve("1.3.132.0.35"), isPointOf(66)],
  [algorithm("1.3.101.112"), (bits: Uint8Array) => bits.length === 32],
]);

function algorithm(oid: string, ...parameters: Uint8Array[]): string {
  return der.sequence(der.oid(oid), ...parameters).toHex();
}

function onCurve(oid: string): string {
  return algorithm("1.2.840.10045.2.1", der.oid(oid));
}

function isPointOf(coordinateBytes: number): (bits: Uint8Array) => boolean {
  return (bits) => bits[0] === 4 && bits.length === 1 + 2 * coordinateBytes;
}

function isRsaKey(bits: Uint8Array): boolean {
  const key = sequenceOf(bits, "RSA key");
  return members(key, "RSA key", [TAG.integer, TAG.integer])
    .every(({ content }) => content[0]! < 0x80);
}

function requireKnownKey(node: DerNode): void {
  const [kind, bits] = members(node, "public key", [
    TAG.sequence,
    TAG.bitString,
  ]);
  const fits = KEYS.get(kind!.raw.toHex());
  if (fits === undefined) {
    throw derError(
      "its key is neither RSA, nor EC on P-256, P-384 or P-521, nor Ed25519",
    );
  }
  if (!fits(readBitString(bits!))) {
    throw derError("public key is malformed");
  }
}

/** Extensions that the runtime reads, so that they may be critical, and the shape of each. */
const SHAPES: ReadonlyMap<string, (value: DerNode) => boolean> = new Map([
  [OID.keyUsage, isFlags],
  [OID.subjectAltName, isListOf(({ tag }) => tag >= 0x80 && tag < 0xc0)],
  [OID.basicConstraints, isInOrder(TAG.boolean, TAG.integer)],
  [OID.nameConstraints, isInOrder(contextTag(0), contextTag(1))],
  [OID.cRLDistributionPoints, isListOf(({ tag }) => tag === TAG.sequence)],
  [OID.extKeyUsage, isListOf(({ tag }) => tag === TAG.oid)],
  [
    OID.signedCertificateTimestamps,
    ({ tag }: DerNode) => tag === TAG.octetString,
  ],
]);

/** The extensions of X.509 itself, whose values are DER; those of others need not be. */
const STANDARD = /^2\.5\.29\.\d+$/;

function requireKnownExtensions(node: DerNode): void {
  const [list] = members(node, "extensions", [TAG.sequence]);
  const seen = new Set<string>();
  if (list!.children.length === 0) throw derError("extensions are empty");
  for (const extension of list!.children) {
    extension.expect(TAG.sequence, "extension");
    const explicit = extension.children.length > 2;
    const parts = members(extension, "extension", [
      TAG.oid,
      ...(explicit ? [TAG.boolean] : []),
      TAG.octetString,
    ]);
    const oid = readOid(parts[0]!);
    if (seen.has(oid)) throw derError(`extension ${oid} is given twice`);
    seen.add(oid);
    const critical = explicit && parts[1]!.content[0] !== 0;
    const hasShape = SHAPES.get(oid);
    if (critical && hasShape === undefined) {
      throw derError(`extension ${oid} is critical`);
    }
    if (hasShape === undefined && !STANDARD.test(oid)) continue;
    const value = readCanonicalDer(parts.at(-1)!.content);
    if (hasShape?.(value) === false) {
      throw derError(`extension ${oid} is malformed`);
    }
  }
}

/** A BIT STRING of flags: DER ends it with the last bit that is set (X.690 §11.2.2). */
function isFlags({ tag, content }: DerNode): boolean {
  return tag === TAG.bitString && content.length > 1 &&
    ((content.at(-1)! >> content[0]!) & 1) === 1;
}

/** A SEQUENCE of at least one element, each as told. */
function isListOf(
  fits: (element: DerNode) => boolean,
): (value: DerNode) => boolean {
  return (value) =>
    value.tag === TAG.sequence && value.children.length > 0 &&
    value.children.every(fits);
}

/** A SEQUENCE of optional elements with these tags, in this order. */
function isInOrder(...tags: readonly number[]): (value: DerNode) => boolean {
  return (value) => {
    if (value.tag !== TAG.sequence) return false;
    const found = value.children.map(({ tag }) => tags.indexOf(tag));
    return found.every((at, index) => at > (found[index - 1] ?? -1));
  };
}
