/**
 * The valid samples in the tree, read once.
 *
 * @module
 */
import { decodeBase64 } from "../../../lib/smime/mime/base64.ts";
import { parseEntity } from "../../../lib/smime/mime/entity.ts";
import { splitMultipart } from "../../../lib/smime/mime/multipart.ts";
import { decodePem } from "../../../lib/asn1/mod.ts";
import {
  type Certificate,
  loadPrivateKey,
  readCertificates,
} from "../../../lib/pki/mod.ts";
import type { Signer } from "../../../lib/smime/mod.ts";

const DIRECTORY = new URL("samples/", import.meta.url);

/** When the samples are looked at: a time at which all are valid. */
export const NOW = new Date("2030-01-01T00:00:00Z");

/** The bytes of a sample. */
export function sample(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, DIRECTORY));
}

/** The DER inside a sample in PEM. */
export function pemSample(name: string): Uint8Array {
  return decodePem(new TextDecoder().decode(sample(name)))[0]!.bytes;
}

/** A certificate. */
export function certificateSample(name: string): Certificate {
  return readCertificates(sample(`${name}.pem`))[0]!;
}

/** Host names of the samples that can sign, or open what is sealed. */
export function signerSample(name: "host" | "ec"): Signer {
  return {
    certificate: certificateSample(name),
    key: loadPrivateKey(new TextDecoder().decode(sample(`${name}.key`))),
  };
}

/** Certificates: a root, an authority below it, and hosts with keys of three kinds. */
export const CERTIFICATES = ["root", "site", "host", "ec", "ed25519"] as const;

/** Signed messages, all of the same text. */
export const SIGNED = [
  "clear-rsa",
  "clear-ec",
  "clear-noattr",
  "clear-pss",
  "opaque",
  "opaque-stream",
] as const;

/** What they say. */
export const SIGNED_TEXT =
  "APEL-summary-job-message: v0.2\nSite: EXAMPLE\n%%\n";

/** Envelopes around `clear-ec`, for `host`; the last for `ec`. */
export const SEALED = [
  "sealed-aes128",
  "sealed-des3",
  "sealed-gcm",
  "sealed-oaep",
  "sealed-ecdh",
] as const;

/** The CMS structure of a message. */
export function cmsOf(message: Uint8Array): Uint8Array {
  const entity = parseEntity(message, 1 << 16);
  const [type] = entity.headers.get("content-type")!;
  const boundary = /boundary="([^"]+)"/.exec(type!)?.[1];
  const part = boundary === undefined
    ? entity
    : parseEntity(splitMultipart(entity.body, boundary, 2)[1]!, 1 << 16);
  return decodeBase64(part.body);
}
