/**
 * Algorithm identifiers and the digests they name.
 *
 * @module
 */
import { derError, type DerNode, TAG } from "./read.ts";
import { readOid } from "./values.ts";

/** An algorithm and its parameters (RFC 5280 §4.1.1.2). */
export interface AlgorithmIdentifier {
  readonly oid: string;
  /** `undefined` when absent; a NULL is a node. */
  readonly parameters: DerNode | undefined;
  /** The whole identifier in DER. */
  readonly raw: Uint8Array;
}

/**
 * Reads an AlgorithmIdentifier; `tag` names an implicit context tag.
 *
 * @throws {SsmError} `DER` when it is malformed.
 */
export function readAlgorithm(
  node: DerNode,
  tag: number = TAG.sequence,
): AlgorithmIdentifier {
  node.expect(tag, "algorithm identifier");
  const [, parameters, ...others] = node.children;
  if (others.length > 0) {
    throw derError("algorithm identifier has unknown members");
  }
  return { oid: readOid(node.at(0, "algorithm")), parameters, raw: node.raw };
}

/** A message digest, as `node:crypto` names it. */
export type Digest =
  | "md5"
  | "sha1"
  | "sha224"
  | "sha256"
  | "sha384"
  | "sha512"
  | "sha3-224"
  | "sha3-256"
  | "sha3-384"
  | "sha3-512";

const DIGESTS: readonly (readonly [Digest, string])[] = [
  ["md5", "1.2.840.113549.2.5"],
  ["sha1", "1.3.14.3.2.26"],
  ["sha224", "2.16.840.1.101.3.4.2.4"],
  ["sha256", "2.16.840.1.101.3.4.2.1"],
  ["sha384", "2.16.840.1.101.3.4.2.2"],
  ["sha512", "2.16.840.1.101.3.4.2.3"],
  ["sha3-224", "2.16.840.1.101.3.4.2.7"],
  ["sha3-256", "2.16.840.1.101.3.4.2.8"],
  ["sha3-384", "2.16.840.1.101.3.4.2.9"],
  ["sha3-512", "2.16.840.1.101.3.4.2.10"],
];

/** The digest an object identifier names; `undefined` if ssm does not know it. */
export function digestOfOid(oid: string): Digest | undefined {
  return DIGESTS.find(([, known]) => known === oid)?.[0];
}

/** The object identifier of a digest. */
export function oidOfDigest(digest: Digest): string {
  return DIGESTS.find(([known]) => known === digest)![1];
}

/**
 * Which digests are accepted though collisions can be made for them: SHA-1, or
 * SHA-1 and MD5 (`all`).
 */
export type WeakDigests = "none" | "sha1" | "all";

/**
 * Whether a digest proves nothing about who signed, since collisions can be made
 * for it, and is not accepted all the same.
 */
export function isTooWeak(
  digest: Digest,
  accepted: WeakDigests = "none",
): boolean {
  if (digest === "md5") return accepted !== "all";
  return digest === "sha1" && accepted === "none";
}
