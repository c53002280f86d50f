/**
 * The extensions of a CRL: which certificates it speaks about.
 *
 * Source: RFC 5280 §5.2.
 *
 * @module
 */
import {
  contextTag,
  derError,
  type DerNode,
  Members,
  OID,
  readDer,
  readExplicit,
  readStrictBoolean,
  readStrictInteger,
} from "../../asn1/mod.ts";
import {
  type AuthorityKeyId,
  listExtensions,
  readAuthorityKeyId,
  readPointNames,
} from "../certificate/extensions.ts";
import type { GeneralName } from "../certificate/general_name.ts";

/** Which certificates a CRL speaks about (issuingDistributionPoint). */
export interface CrlScope {
  readonly onlyUserCertificates: boolean;
  readonly onlyAuthorities: boolean;
  /** True when it tells of some reasons only: it can revoke, but not clear. */
  readonly someReasons: boolean;
  /** True when it speaks about certificates of other issuers, or about attributes. */
  readonly foreign: boolean;
  /** Where it is published, by full names. */
  readonly names: readonly GeneralName[] | undefined;
  /** True when a place of publication is given at all. */
  readonly hasPoint: boolean;
}

/** What the extensions of a CRL say. */
export interface CrlExtensions {
  readonly authorityKeyId: AuthorityKeyId | undefined;
  readonly scope: CrlScope | undefined;
  /** True when it only tells what changed since another CRL. */
  readonly delta: boolean;
  /** Critical extensions that ssm does not process. */
  readonly unknownCritical: readonly string[];
}

/**
 * Reads the extensions, under their explicit tag.
 *
 * @throws {SsmError} `DER` when one is malformed or given twice.
 */
export function readCrlExtensions(tagged: DerNode | undefined): CrlExtensions {
  const unknownCritical: string[] = [];
  let authorityKeyId: AuthorityKeyId | undefined;
  let scope: CrlScope | undefined;
  let delta = false;
  for (const { oid, critical, value } of listTagged(tagged)) {
    const node = () => readDer(value, { strict: true });
    switch (oid) {
      case OID.authorityKeyIdentifier:
        authorityKeyId = readAuthorityKeyId(node());
        continue;
      case OID.issuingDistributionPoint:
        scope = readScope(node());
        continue;
      case OID.deltaCRLIndicator:
        readStrictInteger(node());
        delta = true;
        continue;
      case OID.cRLNumber:
        readStrictInteger(node());
    }
    if (critical) unknownCritical.push(oid);
  }
  return { authorityKeyId, scope, delta, unknownCritical };
}

function listTagged(tagged: DerNode | undefined) {
  if (!tagged) return [];
  const listed = listExtensions(readExplicit(tagged, "CRL extensions"));
  if (listed.length === 0) {
    throw derError("CRL has an empty list of extensions");
  }
  return listed;
}

/** §5.2.5. */
function readScope(node: DerNode): CrlScope {
  const fields = new Members(node, "issuing distribution point");
  if (node.children.length === 0) {
    throw derError("issuing distribution point is empty");
  }
  const flag = (n: number) => {
    const found = fields.takeIf(contextTag(n, false));
    return found !== undefined && readStrictBoolean(found, found.tag);
  };
  const point = fields.takeIf(contextTag(0));
  if (point) readExplicit(point, "name of a distribution point");
  const onlyUserCertificates = flag(1);
  const onlyAuthorities = flag(2);
  const someReasons = fields.takeIf(contextTag(3, false)) !== undefined;
  const indirect = flag(4);
  const onlyAttributes = flag(5);
  fields.end();
  const exclusive = [onlyUserCertificates, onlyAuthorities, onlyAttributes];
  if (exclusive.filter(Boolean).length > 1) {
    throw derError("issuing distribution point contradicts itself");
  }
  return {
    onlyUserCertificates,
    onlyAuthorities,
    someReasons,
    foreign: indirect || onlyAttributes,
    names: readPointNames(point),
    hasPoint: point !== undefined,
  };
}
