/**
 * A receiver's site under attack: whom it trusts, whom it listens to, and what
 * attackers can get from its authorities.
 *
 * @module
 */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { AllowedDns } from "../../../lib/credentials/allowed_dns.ts";
import { silentLogger } from "../../../lib/log/logger.ts";
import { der, encodePem } from "../../../lib/asn1/mod.ts";
import {
  type Certificate,
  loadPrivateKey,
  parseCertificate,
  PrivateKey,
  TrustStore,
} from "../../../lib/pki/mod.ts";
import type { Signer } from "../../../lib/smime/mod.ts";
import { SmimeOpener } from "../../../lib/ssm/mod.ts";
import {
  craftCertificate,
  craftCrl,
  craftCrlEntry,
  craftExtension,
  craftName,
  type CraftOptions,
} from "../../kit/pki/craft_certificate.ts";
import { testKey, writeCaDirectory } from "../../peers/openssl/openssl.ts";

/** A certificate, its key, and both on disk for the `openssl` program. */
export interface Identity extends Signer {
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** Bits of the first octet of keyUsage. */
const [DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, CERT_SIGN, CRL_SIGN] = [
  ...[0x80, 0x20, 0x04, 0x02],
] as const;

/** keyUsage, critical. */
export function keyUsage(bits: number): Uint8Array {
  return craftExtension(
    "2.5.29.15",
    der.bitString(Uint8Array.of(bits)),
    true,
  );
}

/** basicConstraints of an authority, critical. */
export function authorityConstraints(pathLength?: number): Uint8Array {
  const length = pathLength === undefined ? [] : [der.integer(pathLength)];
  const value = der.sequence(der.boolean(true), ...length);
  return craftExtension("2.5.29.19", value, true);
}

/** What an honest authority has. */
export const AUTHORITY_EXTENSIONS: readonly Uint8Array[] = [
  authorityConstraints(),
  keyUsage(CERT_SIGN | CRL_SIGN),
];

/** What an honest host has. */
export const HOST_EXTENSIONS: readonly Uint8Array[] = [
  craftExtension("2.5.29.19", der.sequence(), true),
  keyUsage(DIGITAL_SIGNATURE | KEY_ENCIPHERMENT),
];

/** `/C=UK/O=Hostile/CN=…` in DER. */
export function nameOf(
  commonName: string,
  organisation = "Hostile",
): Uint8Array {
  return craftName(
    [["2.5.4.6", 0x13, "UK"]],
    [["2.5.4.10", 0x0c, organisation]],
    [["2.5.4.3", 0x0c, commonName]],
  );
}

/** The same name as text. */
export function dnOf(commonName: string): string {
  return `/C=UK/O=Hostile/CN=${commonName}`;
}

/** Names of the signers who are on the list. */
export const LISTED = ["honest", "victim", "revoked", "late"].map(dnOf);

/** How a certificate differs from that of an honest host. */
export type IssueOptions =
  & Pick<
    CraftOptions,
    "subject" | "notBefore" | "notAfter" | "extensions" | "serial"
  >
  & { readonly key?: KeyObject };

/** A site, removed on disposal. */
export class HostileSite implements AsyncDisposable {
  readonly dir: string;
  readonly root: Signer;
  #serial = 0x1000_0000;
  readonly #revoked: Uint8Array[] = [];
  readonly #pems: string[] = [];
  /** Signs honestly, and is on the list. */
  readonly honest: Identity;
  /** On the list as well; has nothing to do with the attack. */
  readonly victim: Identity;
  /** Of the same authority, and not on the list. */
  readonly unlisted: Identity;
  readonly revoked: Identity;
  /** The receiver, to whom messages are encrypted. */
  readonly receiver: Identity;

  private constructor(dir: string, rsaKey: PrivateKey) {
    this.dir = dir;
    this.root = this.authority(nameOf("Root"));
    const host = (name: string) => this.#stored(name, this.issue(nameOf(name)));
    this.honest = host("honest");
    this.victim = host("victim");
    this.unlisted = host("unlisted");
    this.revoked = host("revoked");
    this.revoke(this.revoked);
    const key = rsaKey.keyObject;
    const receiver = this.issue(nameOf("receiver"), { key });
    this.receiver = this.#stored("receiver", receiver);
  }

  static async create(): Promise<HostileSite> {
    const dir = await Deno.makeTempDir({ prefix: "hostile-" });
    const rsaKey = loadPrivateKey(await testKey("rsa:2048"));
    const site = new HostileSite(dir, rsaKey);
    await Deno.writeTextFile(`${dir}/dns`, LISTED.join("\n"));
    return site;
  }

  get caPath(): string {
    return `${this.dir}/certificates`;
  }

  /** A certificate of `issuer`, the root unless told otherwise; of an honest host unless told otherwise. */
  issue(
    subject: Uint8Array,
    options: IssueOptions = {},
    issuer: Signer = this.root,
  ): Signer {
    const { key = newKey(), extensions = HOST_EXTENSIONS, ...rest } = options;
    const certificate = craftCertificate({
      serial: this.#nextSerial(),
      ...rest,
      extensions,
      subject,
      issuer: issuer.certificate.subject.raw,
      key,
      signer: issuer.key.keyObject,
    });
    return {
      certificate: parseCertificate(certificate),
      key: new PrivateKey(key),
    };
  }

  /** An authority that signed itself. */
  authority(subject: Uint8Array, options: IssueOptions = {}): Signer {
    const { key = newKey(), extensions = AUTHORITY_EXTENSIONS } = options;
    const certificate = craftCertificate({
      subject,
      extensions,
      serial: this.#nextSerial(),
      key,
      signer: key,
    });
    return {
      certificate: parseCertificate(certificate),
      key: new PrivateKey(key),
    };
  }

  /** Puts the certificate on the list of the root. */
  revoke({ certificate }: Signer): void {
    this.#revoked.push(craftCrlEntry(certificate.serial));
  }

  /** Lays a CRL of that authority into the CA directory, as its operators would. */
  publishCrl(authority: Signer): void {
    this.#pems.push(encodePem("X509 CRL", craftCrlOf(authority)));
  }

  /** Writes the CA directory; to be called when everything has been issued. */
  async writeCaDirectory(): Promise<void> {
    await writeCaDirectory(this.caPath, [
      encodePem("CERTIFICATE", this.root.certificate.raw),
      encodePem("X509 CRL", craftCrlOf(this.root, this.#revoked)),
      ...this.#pems,
    ]);
  }

  /** What the receiver of this site opens messages with: everything is real. */
  async opener(): Promise<SmimeOpener> {
    const store = new TrustStore(this.caPath, {
      onBadFile: (_, error) => {
        throw error;
      },
    });
    const dns = await AllowedDns.open(`${this.dir}/dns`, silentLogger());
    return new SmimeOpener({
      recipients: () => [this.receiver],
      trust: (signer, others) =>
        store.verify(signer, others, { checkCrls: true }),
      isAllowed: (spellings) => dns.has(spellings),
      maxMessageBytes: 1 << 28,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }

  #nextSerial(): Uint8Array {
    const serial = new Uint8Array(4);
    new DataView(serial.buffer).setUint32(0, ++this.#serial);
    return serial;
  }

  #stored(name: string, { certificate, key }: Signer): Identity {
    const certificatePath = `${this.dir}/${name}.pem`;
    const keyPath = `${this.dir}/${name}.key`;
    const pem = key.keyObject.export({ type: "pkcs8", format: "pem" });
    Deno.writeTextFileSync(
      certificatePath,
      encodePem("CERTIFICATE", certificate.raw),
    );
    Deno.writeTextFileSync(keyPath, String(pem), { mode: 0o600 });
    return { certificate, key, certificatePath, keyPath };
  }
}

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function craftCrlOf(
  { certificate, key }: { certificate: Certificate; key: PrivateKey },
  entries: readonly Uint8Array[] = [],
): Uint8Array {
  return craftCrl({
    issuer: certificate.subject.raw,
    signer: key.keyObject,
    entries,
  });
}
