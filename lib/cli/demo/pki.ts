/**
 * A throw-away certificate authority for the demonstration, which must run
 * where no `openssl` is installed. Nothing here is meant for real use.
 *
 * Source: RFC 5280 §4.1 and §4.2.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { der, encodePem } from "../../asn1/mod.ts";
import { parseCertificate, subjectHash } from "../../pki/mod.ts";

/** A certificate with its private key, as PEM texts. */
export interface Issued {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Issues certificates that are good for one day. */
export class DemoCa {
  readonly #keys: CryptoKeyPair;
  readonly #name: Uint8Array;
  readonly #ca: Uint8Array;
  readonly #now: Date;
  #serial = 1;

  private constructor(
    keys: CryptoKeyPair,
    name: Uint8Array,
    { ca, now }: { ca: Uint8Array; now: Date },
  ) {
    this.#keys = keys;
    this.#name = name;
    this.#ca = ca;
    this.#now = now;
  }

  /** Makes the authority: a key and a self-signed certificate. */
  static async create(subject: Subject, now: Date): Promise<DemoCa> {
    const keys = await generateKeys();
    const name = encodeName(subject);
    const extensions = [
      extension("2.5.29.19", true, der.sequence(der.boolean(true))),
      // keyCertSign and cRLSign: bits 5 and 6.
      extension("2.5.29.15", true, der.bitString(new Uint8Array([0x06]), 1)),
      extension("2.5.29.14", false, der.octetString(await keyId(keys))),
    ];
    const ca = await sign(keys.privateKey, {
      serial: 1,
      issuer: name,
      subject: name,
      spki: await exportSpki(keys),
      extensions,
      now,
    });
    return new DemoCa(keys, name, { ca, now });
  }

  /** The name a CA directory wants: hash of the subject and a number. */
  get fileName(): string {
    return `${subjectHash(parseCertificate(this.#ca).subject)}.0`;
  }

  /** The authority's certificate. */
  get pem(): string {
    return encodePem("CERTIFICATE", this.#ca);
  }

  /** Issues a host certificate, good as TLS server and client and for signing. */
  async issue(subject: Subject, dnsNames: string[] = []): Promise<Issued> {
    const keys = await generateKeys();
    const alternative = dnsNames.map((name) =>
      der.contextPrimitive(2, new TextEncoder().encode(name))
    );
    const extensions = [
      extension("2.5.29.19", true, der.sequence()),
      // digitalSignature and keyEncipherment: bits 0 and 2.
      extension("2.5.29.15", true, der.bitString(new Uint8Array([0xa0]), 5)),
      extension(
        "2.5.29.37",
        false,
        der.sequence(
          der.oid("1.3.6.1.5.5.7.3.1"),
          der.oid("1.3.6.1.5.5.7.3.2"),
        ),
      ),
      extension("2.5.29.14", false, der.octetString(await keyId(keys))),
      ...(alternative.length
        ? [extension("2.5.29.17", false, der.sequence(...alternative))]
        : []),
    ];
    const certificate = await sign(this.#keys.privateKey, {
      serial: ++this.#serial,
      issuer: this.#name,
      subject: encodeName(subject),
      spki: await exportSpki(keys),
      extensions,
      now: this.#now,
    });
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    return {
      certificatePem: encodePem("CERTIFICATE", certificate),
      keyPem: encodePem("PRIVATE KEY", new Uint8Array(pkcs8)),
    };
  }
}

/** Attributes of a name, in certificate order: `["C", "UK"]`, `["CN", "host.example"]`. */
export type Subject = readonly (readonly [keyof typeof NAME_OIDS, string])[];

const NAME_OIDS = {
  C: "2.5.4.6",
  O: "2.5.4.10",
  OU: "2.5.4.11",
  CN: "2.5.4.3",
} as const;

const ALGORITHM = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};

interface Tbs {
  readonly serial: number;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly extensions: Uint8Array[];
  readonly now: Date;
}

async function sign(key: CryptoKey, tbs: Tbs): Promise<Uint8Array> {
  const { serial, issuer, subject, spki, extensions, now } = tbs;
  const hour = 3_600_000;
  const algorithm = der.sequence(
    der.oid("1.2.840.113549.1.1.11"), // sha256WithRSAEncryption
    der.nullValue(),
  );
  // An hour back, for clocks that differ; two days on, for the 24 hours that
  // a sender demands of its certificate.
  const validity = der.sequence(
    der.time(new Date(now.getTime() - hour)),
    der.time(new Date(now.getTime() + 48 * hour)),
  );
  const signed = der.sequence(
    der.context(0, der.integer(2)),
    der.integer(serial),
    algorithm,
    issuer,
    validity,
    subject,
    spki,
    der.context(3, der.sequence(...extensions)),
  );
  const signature = await crypto.subtle.sign(ALGORITHM.name, key, signed);
  return der.sequence(
    signed,
    algorithm,
    der.bitString(new Uint8Array(signature)),
  );
}

function encodeName(subject: Subject): Uint8Array {
  return der.sequence(
    ...subject.map(([type, value]) =>
      der.setOf(der.sequence(der.oid(NAME_OIDS[type]), der.utf8String(value)))
    ),
  );
}

function extension(
  oid: string,
  critical: boolean,
  value: Uint8Array,
): Uint8Array {
  return der.sequence(
    der.oid(oid),
    ...(critical ? [der.boolean(true)] : []),
    der.octetString(value),
  );
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function exportSpki(keys: CryptoKeyPair): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
}

async function keyId(keys: CryptoKeyPair): Promise<Uint8Array> {
  return createHash("sha1").update(await exportSpki(keys)).digest();
}
