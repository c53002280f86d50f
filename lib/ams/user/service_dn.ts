/**
 * The DN of a certificate in the form by which the authentication service of AMS
 * knows it.
 *
 * The service (argo-api-authn) writes the subject as Go does: the kinds of
 * attributes in a fixed order, whatever that of the certificate, several values
 * of a kind joined by `+`, special characters escaped. E-mail addresses and
 * domain components, which Go leaves out, it adds unescaped. The list it compares
 * with is made from the DNs in GOCDB by a script that knows fewer kinds.
 *
 * @module
 */
import type { Certificate } from "../../pki/mod.ts";

type Subject = Certificate["subject"];

/** The kinds that the service writes, in its order; one with a serial number is never found. */
const KINDS: readonly (readonly [oid: string, name: string])[] = [
  ["1.2.840.113549.1.9.1", "E"],
  ["2.5.4.5", "SERIALNUMBER"],
  ["2.5.4.3", "CN"],
  ["2.5.4.11", "OU"],
  ["2.5.4.10", "O"],
  ["2.5.4.17", "POSTALCODE"],
  ["2.5.4.9", "STREET"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.6", "C"],
  ["0.9.2342.19200300.100.1.25", "DC"],
];
const COMMON_NAME = "CN";

/** What the list in GOCDB can be made from. */
const REGISTRABLE = new Set(
  KINDS.map(([oid]) => oid).filter((oid) => oid !== "2.5.4.5"),
);

const UNREGISTRABLE_NAMES = new Map([
  ["2.5.4.5", "a serialNumber"],
  ["0.9.2342.19200300.100.1.1", "a UID"],
]);

/**
 * The subject as the service writes it: `CN=host.example.org,OU=x,O=y,C=UK`.
 * Of several common names only the last is in it.
 */
export function serviceDn(subject: Subject): string {
  return KINDS.map(([oid, name]): string | undefined => {
    const values = valuesOf(subject, oid);
    const kept = name === COMMON_NAME ? values.slice(-1) : values;
    return kept.length === 0
      ? undefined
      : kept.map((value) => `${name}=${asGo(name, value)}`).join("+");
  }).filter((part) => part !== undefined).join(",");
}

/**
 * Why a certificate can never be found by the service, whatever is registered.
 *
 * @returns sentences without a period, for a person; empty when it can be found
 */
export function unregistrable(subject: Subject): string[] {
  const oids = new Set(subject.rdns.flat().map(({ oid }) => oid));
  const reasons = [...oids].filter((oid) => !REGISTRABLE.has(oid)).map((oid) =>
    `its DN has ${
      UNREGISTRABLE_NAMES.get(oid) ?? `an attribute ${oid}`
    }, which cannot be registered`
  );
  if (valuesOf(subject, "2.5.4.3").length > 1) {
    reasons.push(
      "its DN has several CN, of which the service compares the last alone",
    );
  }
  return reasons;
}

function valuesOf(subject: Subject, oid: string): string[] {
  return subject.rdns.flat().filter((attribute) => attribute.oid === oid)
    .map(({ value, bytes }) => value ?? `#${bytes.toHex()}`);
}

/** The value as Go's `pkix.RDNSequence` writes it. */
function asGo(name: string, value: string): string {
  if (name === "E" || name === "DC") return value;
  return value.replace(/[,+"\\<>;]|^[ #]| $/g, "\\$&");
}
