/**
 * Certificates and CRLs put together byte by byte, for what `openssl` will not
 * make: names with NUL, extensions given twice, lists of many entries.
 *
 * @module
 */
import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import * as der from "../../../lib/asn1/write.ts";
import { type Name, readName } from "../../../lib/pki/certificate/name.ts";
import { readDer, TAG } from "../../../lib/asn1/read.ts";

/** An attribute: its type, its string type (an identifier octet) and its octets or text. */
export type CraftedAttribute = readonly [
  oid: string,
  tag: number,
  value: string | Uint8Array,
];

/** A Name in DER; each member is one RDN. */
export function craftName(
  ...rdns: readonly (readonly CraftedAttribute[])[]
): Uint8Array {
  return der.sequence(
    ...rdns.map((rdn) =>
      der.setOf(...rdn.map(([oid, tag, value]) =>
        der.sequence(
          der.oid(oid),
          der.element(
            tag,
            typeof value === "string" ? new TextEncoder().encode(value) : value,
          ),
        )
      ))
    ),
  );
}

/** A Name of common names only, as UTF8String. */
export function craftCommonName(...values: string[]): Uint8Array {
  return craftName(
    ...values.map((value) => [["2.5.4.3", TAG.utf8, value] as const]),
  );
}

/** A Name as the reader gives it. */
export function craftedName(
  ...rdns: readonly (readonly CraftedAttribute[])[]
): Name {
  return readName(readDer(craftName(...rdns)));
}

/** An Extension; `value` is the DER inside its octet string. */
export function craftExtension(
  oid: string,
  value: Uint8Array,
  critical = false,
): Uint8Array {
  return der.sequence(
    der.oid(oid),
    ...(critical ? [der.boolean(true)] : []),
    der.octetString(value),
  );
}

/** What a crafted certificate says; left out is what works. */
export interface CraftOptions {
  issuer?: Uint8Array;
  subject?: Uint8Array;
  /** Content octets. */
  serial?: Uint8Array;
  notBefore?: Uint8Array;
  notAfter?: Uint8Array;
  /** As encoded: 2 is version 3. `null` leaves the version out. */
  version?: number | null;
  extensions?: readonly Uint8Array[];
  /** What follows the key, instead of the extensions. */
  tail?: readonly Uint8Array[];
  /** The algorithm named inside, if another one than outside. */
  innerAlgorithm?: Uint8Array;
  key?: KeyObject;
  signer?: KeyObject;
}

const ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"));

/** The P-256 key that signs what names no other. */
export const CRAFT_KEY: KeyObject = generateKeyPairSync("ec", {
  namedCurve: "P-256",
}).privateKey;

/** A certificate in DER, signed with ECDSA and SHA-256. */
export function craftCertificate(options: CraftOptions = {}): Uint8Array {
  const {
    subject = craftCommonName("host"),
    issuer = subject,
    serial = Uint8Array.of(1),
    notBefore = der.time(new Date("2020-01-01T00:00:00Z")),
    notAfter = der.time(new Date("2040-01-01T00:00:00Z")),
    version = 2,
    extensions = [],
    tail = extensions.length > 0
      ? [der.context(3, der.sequence(...extensions))]
      : [],
    innerAlgorithm = ECDSA_SHA256,
    key = CRAFT_KEY,
    signer = CRAFT_KEY,
  } = options;
  const tbs = der.sequence(
    ...(version === null ? [] : [der.context(0, der.integer(version))]),
    der.element(TAG.integer, serial),
    innerAlgorithm,
    issuer,
    der.sequence(notBefore, notAfter),
    subject,
    spkiOf(key),
    ...tail,
  );
  return signed(tbs, signer);
}

/** What a crafted CRL says. */
export interface CraftCrlOptions {
  issuer?: Uint8Array;
  /** As encoded: 1 is version 2. `null` leaves the version out. */
  version?: number | null;
  /** Entries of revokedCertificates, in DER. */
  entries?: readonly Uint8Array[];
  thisUpdate?: Date;
  /** `null` leaves it out. */
  nextUpdate?: Date | null;
  extensions?: readonly Uint8Array[];
  signer?: KeyObject;
}

/** A CRL in DER, signed with ECDSA and SHA-256. */
export function craftCrl(options: CraftCrlOptions = {}): Uint8Array {
  const {
    issuer = craftCommonName("CA"),
    version = 1,
    entries = [],
    thisUpdate = new Date("2020-01-01T00:00:00Z"),
    nextUpdate = new Date("2040-01-01T00:00:00Z"),
    extensions = [],
    signer = CRAFT_KEY,
  } = options;
  return signed(
    der.sequence(
      ...(version === null ? [] : [der.integer(version)]),
      ECDSA_SHA256,
      issuer,
      der.time(thisUpdate),
      ...(nextUpdate ? [der.time(nextUpdate)] : []),
      ...(entries.length > 0 ? [der.sequence(...entries)] : []),
      ...(extensions.length > 0
        ? [der.context(0, der.sequence(...extensions))]
        : []),
    ),
    signer,
  );
}

/** One entry of a CRL; `serial` holds the content octets. */
export function craftCrlEntry(
  serial: Uint8Array,
  extensions: readonly Uint8Array[] = [],
): Uint8Array {
  return der.sequence(
    der.element(TAG.integer, serial),
    der.time(new Date("2021-01-01T00:00:00Z")),
    ...(extensions.length > 0 ? [der.sequence(...extensions)] : []),
  );
}

/** The SubjectPublicKeyInfo of a key. */
export function spkiOf(key: KeyObject): Uint8Array {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return new Uint8Array(half.export({ format: "der", type: "spki" }));
}

function signed(tbs: Uint8Array, signer: KeyObject): Uint8Array {
  return der.sequence(
    tbs,
    ECDSA_SHA256,
    der.bitString(sign("sha256", tbs, signer)),
  );
}
