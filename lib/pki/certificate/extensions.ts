/**
 * The extensions of a certificate that decide about trust.
 *
 * Source: RFC 5280 §4.2.
 *
 * @module
 */
import {
  contextTag,
  derError,
  type DerNode,
  Members,
  OID,
  readBoolean,
  readDer,
  readOid,
  readSmallInteger,
  TAG,
} from "../../asn1/mod.ts";
import { type GeneralName, readGeneralName } from "./general_name.ts";

/** Bits of keyUsage: the first octet, and the second one shifted by eight. */
export const KEY_USAGE = {
  digitalSignature: 0x80,
  nonRepudiation: 0x40,
  keyEncipherment: 0x20,
  dataEncipherment: 0x10,
  keyAgreement: 0x08,
  keyCertSign: 0x04,
  cRLSign: 0x02,
} as const;

/** Names below which the certificates of an authority must, or must not, lie. */
export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

/** One base of a name constraint. */
export interface Subtree {
  readonly base: GeneralName;
  /** True when minimum or maximum are given, which RFC 5280 forbids. */
  readonly bounded: boolean;
}

/** Which key an authority signed with. */
export interface AuthorityKeyId {
  readonly keyId?: Uint8Array;
  readonly issuer?: readonly GeneralName[];
  readonly serial?: Uint8Array;
}

/** One place where the CRL for a certificate is published. */
export interface DistributionPoint {
  /** `undefined` when it is given relative to the issuer, or not at all. */
  readonly names: readonly GeneralName[] | undefined;
  /** True when the CRL covers some reasons only, or comes from another issuer. */
  readonly partial: boolean;
}

/** What a certificate's extensions say; what is absent is `undefined`. */
export interface Extensions {
  readonly basicConstraints?: {
    readonly ca: boolean;
    readonly pathLength?: number;
  };
  /** Bits of {@linkcode KEY_USAGE}. */
  readonly keyUsage?: number;
  /** Purposes in dotted form. */
  readonly extKeyUsage?: readonly string[];
  readonly nameConstraints?: NameConstraints;
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: AuthorityKeyId;
  readonly subjectAltName?: readonly GeneralName[];
  readonly crlDistributionPoints?: readonly DistributionPoint[];
  /** Bits of Netscape's own usage extension: 0x80 is client, 0x40 is server. */
  readonly netscapeCertType?: number;
  /** True for a proxy certificate (RFC 3820). */
  readonly proxy: boolean;
  /** Critical extensions that ssm does not process, in dotted form. */
  readonly unknownCritical: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Those that may be critical: the list of OpenSSL without its IP address blocks.
 * Policies are read by nobody here, exactly as `openssl verify` does by default.
 */
const PROCESSED: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.extKeyUsage,
  OID.netscapeCertType,
  OID.cRLDistributionPoints,
  OID.certificatePolicies,
  OID.policyMappings,
  OID.policyConstraints,
  OID.inhibitAnyPolicy,
  OID.proxyCertInfo,
]);

/** No extensions at all, as in certificates of version 1. */
export const NO_EXTENSIONS: Extensions = { proxy: false, unknownCritical: [] };

/**
 * Reads the Extensions of a certificate.
 *
 * @throws {SsmError} `DER` when one is malformed or given twice.
 */
export function readExtensions(node: DerNode): Extensions {
  const unknownCritical: string[] = [];
  const found: Mutable<Extensions> = { proxy: false, unknownCritical };
  for (const { oid, critical, value } of listExtensions(node)) {
    readExtension(oid, value, found);
    if (critical && !PROCESSED.has(oid)) unknownCritical.push(oid);
  }
  return found;
}

/** One extension, its value still encoded. */
export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/**
 * The members of an Extensions sequence, each of which may occur once (RFC 5280 §4.2).
 *
 * @throws {SsmError} `DER` when it is malformed or an extension is given twice.
 */
export function listExtensions(node: DerNode): RawExtension[] {
  const seen = new Set<string>();
  return node.expect(TAG.sequence, "extensions").children.map((item) => {
    const fields = new Members(item, "extension");
    const oid = readOid(fields.take("extension identifier"));
    if (seen.has(oid)) throw derError(`extension ${oid} is given twice`);
    seen.add(oid);
    const flag = fields.takeIf(TAG.boolean);
    const critical = flag !== undefined && readBoolean(flag);
    const value = fields.take("extension value")
      .expect(TAG.octetString, "extension value").content;
    fields.end();
    return { oid, critical, value };
  });
}

function readExtension(
  oid: string,
  value: Uint8Array,
  into: Mutable<Extensions>,
): void {
  const node = () => readDer(value, { strict: true });
  switch (oid) {
    case OID.basicConstraints:
      into.basicConstraints = readBasicConstraints(node());
      break;
    case OID.keyUsage:
      into.keyUsage = readBits(node());
      break;
    case OID.netscapeCertType:
      into.netscapeCertType = readBits(node());
      break;
    case OID.extKeyUsage:
      into.extKeyUsage = node().expect(TAG.sequence, "purposes").children
        .map(readOid);
      break;
    case OID.nameConstraints:
      into.nameConstraints = readNameConstraints(node());
      break;
    case OID.subjectKeyIdentifier:
      into.subjectKeyId =
        node().expect(TAG.octetString, "key identifier").content;
      break;
    case OID.authorityKeyIdentifier:
      into.authorityKeyId = readAuthorityKeyId(node());
      break;
    case OID.subjectAltName:
      into.subjectAltName = node().expect(TAG.sequence, "alternative names")
        .children.map(readGeneralName);
      break;
    case OID.cRLDistributionPoints:
      into.crlDistributionPoints = node()
        .expect(TAG.sequence, "distribution points").children
        .map(readDistributionPoint);
      break;
    case OID.proxyCertInfo:
      into.proxy = true;
  }
}

function readBasicConstraints(
  node: DerNode,
): NonNullable<Extensions["basicConstraints"]> {
  const { children } = node.expect(TAG.sequence, "basic constraints");
  const flag = node.find(TAG.boolean);
  const length = node.find(TAG.integer);
  if (children.length !== Number(!!flag) + Number(!!length)) {
    throw derError("basic constraints have unknown members");
  }
  const ca = flag !== undefined && readBoolean(flag);
  return length ? { ca, pathLength: readSmallInteger(length) } : { ca };
}

/** A BIT STRING of flags; bits beyond the second octet have no meaning. */
function readBits(node: DerNode): number {
  const { content } = node.expect(TAG.bitString, "flags");
  const [unused, first = 0, second = 0] = content;
  if (unused === undefined || unused > 7) throw derError("flags are malformed");
  return first | second << 8;
}

function readNameConstraints(node: DerNode): NameConstraints {
  node.expect(TAG.sequence, "name constraints");
  const subtrees = (tag: number): Subtree[] =>
    node.find(tag)?.children.map((item) => ({
      base: readGeneralName(item.at(0, "base of a name constraint")),
      bounded: item.children.length > 1,
    })) ?? [];
  return {
    permitted: subtrees(contextTag(0)),
    excluded: subtrees(contextTag(1)),
  };
}

/** Which key signed a certificate or CRL (RFC 5280 §4.2.1.1, §5.2.1). */
export function readAuthorityKeyId(node: DerNode): AuthorityKeyId {
  const fields = new Members(node, "authority key identifier");
  const keyId = fields.takeIf(contextTag(0, false));
  const issuer = fields.takeIf(contextTag(1));
  const serial = fields.takeIf(contextTag(2, false));
  fields.end();
  return {
    ...(keyId ? { keyId: keyId.content } : {}),
    ...(issuer ? { issuer: issuer.children.map(readGeneralName) } : {}),
    ...(serial ? { serial: serial.content } : {}),
  };
}

function readDistributionPoint(node: DerNode): DistributionPoint {
  node.expect(TAG.sequence, "distribution point");
  return {
    names: readPointNames(node.find(contextTag(0))),
    partial: node.children.some(({ tag }) => tag !== contextTag(0)),
  };
}

/** The full names of a DistributionPointName, if it has that form. */
export function readPointNames(
  point: DerNode | undefined,
): GeneralName[] | undefined {
  return point?.find(contextTag(0))?.children.map(readGeneralName);
}
