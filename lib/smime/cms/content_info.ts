/**
 * What all CMS structures share (RFC 5652 §3, §10).
 *
 * @module
 */
import { equalBytes } from "../../bytes.ts";
import { SsmError } from "../../errors.ts";
import {
  contextTag,
  type DerNode,
  Members,
  readDer,
  readExplicit,
  readInteger,
  readOid,
  TAG,
} from "../../asn1/mod.ts";
import type { Certificate } from "../../pki/mod.ts";

/** A ContentInfo: the type of the content, and the content. */
export interface ContentInfo {
  readonly contentType: string;
  readonly content: DerNode;
}

/** Reads the outermost structure of a CMS message. @throws {SsmError} `DER`. */
export function readContentInfo(der: Uint8Array): ContentInfo {
  const info = new Members(readDer(der), "ContentInfo");
  const contentType = readOid(info.take("contentType"));
  const content = info.take("content").expect(contextTag(0), "content");
  info.end();
  return { contentType, content: readExplicit(content, "content") };
}

/** The type of the content, from the first bytes of a CMS message; `undefined` if it is none. */
export function peekContentType(head: Uint8Array): string | undefined {
  if (head[0] !== TAG.sequence) return undefined;
  const lengthOctets = head[1]! > 0x80 ? head[1]! & 0x7f : 0;
  const start = 2 + lengthOctets;
  if (head[start] !== TAG.oid) return undefined;
  return readOid(readDer(head.subarray(start, start + 2 + head[start + 1]!)));
}

/** Which certificate a signer or recipient means (RFC 5652 §5.3, §6.2.1). */
export type CertificateId =
  | { readonly issuer: Uint8Array; readonly serial: Uint8Array }
  | { readonly subjectKeyId: Uint8Array };

/** Reads an IssuerAndSerialNumber (RFC 5652 §10.2.4). @throws {SsmError} `DER`. */
export function readIssuerAndSerial(node: DerNode): CertificateId {
  const members = new Members(node, "IssuerAndSerialNumber");
  const issuer = members.take("issuer").raw;
  const serial = readInteger(members.take("serialNumber"));
  members.end();
  return { issuer, serial };
}

/** Tells whether `id` means this certificate. */
export function identifies(
  id: CertificateId,
  certificate: Certificate,
): boolean {
  if ("subjectKeyId" in id) {
    const { subjectKeyId } = certificate.extensions;
    return subjectKeyId !== undefined &&
      equalBytes(id.subjectKeyId, subjectKeyId);
  }
  return equalBytes(id.serial, certificate.serial) &&
    equalBytes(id.issuer, certificate.issuer.raw);
}

/** A CMS structure that cannot be used. */
export function cmsError(state: string): SsmError {
  return new SsmError("CMS", `Cannot read message: ${state}`);
}
