/**
 * A memory of signatures that were found good: those of authorities are met with
 * every message anew.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { AlgorithmIdentifier } from "../../asn1/mod.ts";
import { verifySignature } from "./verify.ts";

/** What a certificate and a CRL have in common. */
export interface SignedObject {
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** Verifies signatures, each good one once. */
export class SignatureCache {
  readonly #limit: number;
  /** Oldest first. */
  readonly #good = new Set<string>();
  /** The digest of a CRL of megabytes is made once for each object. */
  readonly #digests = new WeakMap<SignedObject, string>();

  /**
   * @param limit Most signatures remembered; the oldest are forgotten first.
   */
  constructor(limit = 1024) {
    this.#limit = limit;
  }

  /**
   * Was `object` signed with the key of `issuer`? Weak digests count: the caller
   * decides about them.
   *
   * @throws {SsmError} As `verifySignature()`.
   */
  async check(
    object: SignedObject,
    issuer: { readonly spki: Uint8Array },
  ): Promise<boolean> {
    const id = this.#identify(object) +
      createHash("sha256").update(issuer.spki).digest("base64");
    if (this.#good.has(id)) return true;
    const { signatureAlgorithm, tbs, signature } = object;
    const good = await verifySignature(
      issuer.spki,
      { algorithm: signatureAlgorithm, data: tbs, signature },
      { allowWeakDigests: "all" },
    );
    if (good) this.#remember(id);
    return good;
  }

  #identify(object: SignedObject): string {
    let digest = this.#digests.get(object);
    if (digest === undefined) {
      // Three DER parts of known order: their join has one reading only.
      digest = createHash("sha256").update(object.tbs)
        .update(object.signatureAlgorithm.raw).update(object.signature)
        .digest("base64");
      this.#digests.set(object, digest);
    }
    return digest;
  }

  #remember(id: string): void {
    this.#good.add(id);
    if (this.#good.size <= this.#limit) return;
    for (const oldest of this.#good) {
      this.#good.delete(oldest);
      break;
    }
  }
}
