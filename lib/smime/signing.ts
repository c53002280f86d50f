/**
 * Acts of signing, and what tells one from another.
 *
 * The value of a signature does not: anybody that has an ECDSA signature can make
 * another one over the same bytes (s and n − s), and all that is around the signed
 * bytes, other certificates and unsigned attributes among it, can be changed by
 * anybody. What is signed, and with which key, cannot.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Digest } from "../asn1/mod.ts";
import type { Certificate } from "../pki/mod.ts";
import type { SignedAttributes } from "./cms/signed_data.ts";

/** One act of signing, as far as its message tells it from others. */
export interface Signing {
  /**
   * SHA-256, in hex, of the signer's public key and the bytes that are signed: the
   * signed attributes or, where there are none, the content. Without the
   * private key, nobody can change it and still have a message that verifies.
   */
  readonly statement: string;
  /**
   * Whether the signer sees to it that no two of its statements are the same, by
   * signing random bytes as well (RFC 2985 §5.3.4). Others sign a text again, within
   * one second, with the same statement.
   */
  readonly unique: boolean;
  /** The MIME boundary of a clear-signed message. It is not signed. */
  readonly boundary: string | undefined;
}

/** What a good signature is over, and its surroundings. */
export interface SignedParts {
  readonly signedAttributes: SignedAttributes | undefined;
  readonly content: { digest(algorithm: Digest): Uint8Array };
  readonly boundary: string | undefined;
}

/** RFC 2985 §5.3.4. */
const LEAST_NONCE_BYTES = 4;

/** Describes the act of signing from which a verified message comes. */
export function signingOf(
  { spki }: Certificate,
  { signedAttributes, content, boundary }: SignedParts,
): Signing {
  // The key, not the certificate: there may be several for one key, and which of
  // them comes along is not signed.
  const statement = createHash("sha256").update(sha256(spki))
    .update(
      signedAttributes
        ? sha256(signedAttributes.der)
        : content.digest("sha256"),
    ).digest("hex");
  const nonceBytes = signedAttributes?.randomNonce?.length ?? 0;
  return { statement, unique: nonceBytes >= LEAST_NONCE_BYTES, boundary };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}
