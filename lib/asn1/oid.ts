/**
 * Object identifiers that X.509 uses, and the names OpenSSL gives them.
 *
 * @module
 */

/** Extensions and key purposes (RFC 5280 §4.2), by their ASN.1 names. */
export const OID = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  cRLNumber: "2.5.29.20",
  cRLReason: "2.5.29.21",
  deltaCRLIndicator: "2.5.29.27",
  issuingDistributionPoint: "2.5.29.28",
  nameConstraints: "2.5.29.30",
  cRLDistributionPoints: "2.5.29.31",
  certificatePolicies: "2.5.29.32",
  policyMappings: "2.5.29.33",
  authorityKeyIdentifier: "2.5.29.35",
  policyConstraints: "2.5.29.36",
  extKeyUsage: "2.5.29.37",
  inhibitAnyPolicy: "2.5.29.54",
  netscapeCertType: "2.16.840.1.113730.1.1",
  signedCertificateTimestamps: "1.3.6.1.4.1.11129.2.4.2",
  proxyCertInfo: "1.3.6.1.5.5.7.1.14",
  anyExtendedKeyUsage: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  commonName: "2.5.4.3",
  emailAddress: "1.2.840.113549.1.9.1",
} as const;

/**
 * Short names of the attributes of a DN, as OpenSSL prints them. An attribute
 * that is not here is unknown to OpenSSL as well, unless it has no place in a DN.
 */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.1.9.1", "emailAddress"],
  ["1.2.840.113549.1.9.2", "unstructuredName"],
  ["1.2.840.113549.1.9.7", "challengePassword"],
  ["1.2.840.113549.1.9.8", "unstructuredAddress"],
  ["1.2.840.113549.1.9.20", "friendlyName"],
  ["1.2.643.3.131.1.1", "INN"],
  ["1.2.643.100.1", "OGRN"],
  ["1.2.643.100.3", "SNILS"],
  ["1.2.643.100.5", "OGRNIP"],
  ["1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"],
  ["1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"],
  ["1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"],
  ["1.3.6.1.5.5.7.9.1", "id-pda-dateOfBirth"],
  ["1.3.6.1.5.5.7.9.2", "id-pda-placeOfBirth"],
  ["1.3.6.1.5.5.7.9.3", "id-pda-gender"],
  ["1.3.6.1.5.5.7.9.4", "id-pda-countryOfCitizenship"],
  ["1.3.6.1.5.5.7.9.5", "id-pda-countryOfResidence"],
  ...under("2.5.4", [
    [3, "CN SN serialNumber C L ST street O OU title description searchGuide"],
    [15, "businessCategory postalAddress postalCode postOfficeBox"],
    [19, "physicalDeliveryOfficeName telephoneNumber telexNumber"],
    [22, "teletexTerminalIdentifier facsimileTelephoneNumber x121Address"],
    [25, "internationaliSDNNumber registeredAddress destinationIndicator"],
    [28, "preferredDeliveryMethod presentationAddress"],
    [30, "supportedApplicationContext member owner roleOccupant seeAlso"],
    [35, "userPassword userCertificate cACertificate authorityRevocationList"],
    [39, "certificateRevocationList crossCertificatePair name GN initials"],
    [44, "generationQualifier x500UniqueIdentifier dnQualifier"],
    [47, "enhancedSearchGuide protocolInformation distinguishedName"],
    [50, "uniqueMember houseIdentifier supportedAlgorithms"],
    [53, "deltaRevocationList dmdName"],
    [65, "pseudonym"],
    [72, "role"],
    [97, "organizationIdentifier c3 n3 dnsName"],
  ]),
  ...under("0.9.2342.19200300.100.1", [
    [1, "UID textEncodedORAddress mail info favouriteDrink roomNumber photo"],
    [8, "userClass host manager documentIdentifier documentTitle"],
    [13, "documentVersion documentAuthor documentLocation"],
    [20, "homeTelephoneNumber secretary otherMailbox lastModifiedTime"],
    [24, "lastModifiedBy DC aRecord pilotAttributeType27 mXRecord nSRecord"],
    [30, "sOARecord cNAMERecord"],
    [37, "associatedDomain associatedName homePostalAddress personalTitle"],
    [41, "mobileTelephoneNumber pagerTelephoneNumber friendlyCountryName uid"],
    [45, "organizationalStatus janetMailbox mailPreferenceOption buildingName"],
    [49, "dSAQuality singleLevelQuality subtreeMinimumQuality"],
    [52, "subtreeMaximumQuality personalSignature dITRedirect audio"],
    [56, "documentPublisher"],
  ]),
]);

/** The short name of an attribute type; `undefined` if OpenSSL has none. */
export function shortName(oid: string): string | undefined {
  return SHORT_NAMES.get(oid);
}

/** The attribute type with this short name, in upper or lower case. */
export function oidOfShortName(name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [oid, short] of SHORT_NAMES) {
    if (short.toLowerCase() === wanted) return oid;
  }
  return undefined;
}

/** Names of consecutive arcs below `root`, each run starting at the given arc. */
function under(
  root: string,
  runs: readonly (readonly [number, string])[],
): [string, string][] {
  return runs.flatMap(([first, names]) =>
    names.split(" ").map((name, index): [string, string] => [
      `${root}.${first + index}`,
      name,
    ])
  );
}
