/**
 * The media types under which CMS travels: with and without `x-`, as peers of
 * different age write them (RFC 8551 §3.2).
 *
 * @module
 */
import { TAG } from "../../asn1/mod.ts";
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
  return isBase64(entity) ? decodeBase64(entity.body) : entity.body;
}

/**
 * Whether the structure is in base64. Some senders do not say so; there is no
 * doubt about it, as no structure begins like its own base64 form.
 */
export function isBase64(entity: Entity): boolean {
  const encoding = transferEncodingOf(entity);
  if (encoding === "base64") return true;
  return encoding === "7bit" && firstVisible(entity.body) !== TAG.sequence;
}

function firstVisible(body: Uint8Array): number | undefined {
  return body.find((byte) => byte > 0x20);
}
