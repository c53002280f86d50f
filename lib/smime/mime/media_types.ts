/**
 * The media types under which CMS travels: with and without `x-`, as peers of
 * different age write them (RFC 8551 §3.2).
 *
 * @module
 */
import { decodeBase64 } from "./base64.ts";
import { type Entity, transferEncodingOf } from "./entity.ts";

/** True for the type of an opaque-signed or encrypted message. */
export function isCmsType(type: string | undefined): boolean {
  return type === "application/pkcs7-mime" ||
    type === "application/x-pkcs7-mime";
}

/** True for the type of a detached signature. */
export function isSignatureType(type: string | undefined): boolean {
  return type === "application/pkcs7-signature" ||
    type === "application/x-pkcs7-signature";
}

/** The CMS structure in the body of an entity of one of these types. */
export function decodeBody(entity: Entity): Uint8Array {
  return transferEncodingOf(entity) === "base64"
    ? decodeBase64(entity.body)
    : entity.body;
}
