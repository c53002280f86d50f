/**
 * The form of the corpus: a message, and what a receiver must make of it.
 *
 * @module
 */
import { der, TAG } from "../../../lib/asn1/mod.ts";
import type { Signer } from "../../../lib/smime/mod.ts";
import {
  type Forgery,
  forgeSignedData,
  opaque,
  textEntity,
} from "../../kit/smime/forge.ts";
import { openssl } from "../../peers/openssl/openssl.ts";
import { bytes } from "../../kit/text.ts";
import { dnOf, type HostileSite, type Identity } from "./site.ts";

/** A message of the corpus. */
export interface HostileMessage {
  /** What is hostile about it. */
  readonly name: string;
  /** The reason for its rejection, whole; absent when it is harmless and accepted. */
  readonly error?: string | RegExp;
  /**
   * The signer: of an accepted message, or one that was found out to be
   * somebody who may not send. @default `honest` of an accepted one
   */
  readonly signer?: string;
  readonly make: (site: HostileSite) => Uint8Array | Promise<Uint8Array>;
}

/** A chapter of the corpus. */
export interface Chapter {
  readonly title: string;
  readonly messages: readonly HostileMessage[];
}

/** What every accepted message of the corpus says, and nothing else may be taken in. */
export const RECORD = "APEL-individual-job-message: v0.3\nSite: HOSTILE";

/** It as an entity to be signed. */
export const ENTITY = textEntity(RECORD.replaceAll("\n", "\r\n"));

export const VERIFY = "Failed to verify message: ";
export const SIGNATURE = `${VERIFY}Cannot verify signature: `;
export const READ = `${VERIFY}Cannot read message: `;
export const ASN1 = `${VERIFY}Cannot read ASN.1 data: `;
export const CERTIFICATE = `${VERIFY}Cannot read certificate: `;
export const UNVERIFIED = `${VERIFY}Unverified signer: `;
export const DECRYPT = "Failed to decrypt message: ";

/** A clear-signed message around any entity and structure, as openssl can read it. */
export function clearSigned(entity: string, cms: Uint8Array): Uint8Array {
  return bytes(
    'MIME-Version: 1.0\nContent-Type: multipart/signed; boundary="bb"\n\n' +
      `--bb\n${entity}\n--bb\nContent-Type: application/pkcs7-signature\n` +
      `Content-Transfer-Encoding: base64\n\n${lines(cms.toBase64())}--bb--\n`,
  );
}

/** OpenSSL reads no line of more than a kilobyte. */
function lines(base64: string): string {
  return base64.replace(/.{1,64}/g, "$&\n");
}

/** Clear-signed by `signer`, with flaws. */
export async function clear(
  signer: Signer,
  forgery: Forgery = {},
  entity: string = ENTITY,
): Promise<Uint8Array> {
  const cms = await forgeSignedData(signer, bytes(entity), forgery);
  return clearSigned(entity, cms);
}

/** Opaque-signed by `signer`, with flaws. */
export async function inside(
  signer: Signer,
  forgery: Forgery = {},
  entity: string = ENTITY,
): Promise<Uint8Array> {
  const content = bytes(entity);
  return opaque(
    await forgeSignedData(signer, content, { content, ...forgery }),
  );
}

/** Rejected for that reason: a forgery by `honest`. */
export function forged(
  name: string,
  error: string | RegExp,
  forgery: (site: HostileSite) => Forgery,
): HostileMessage {
  return {
    name,
    error,
    make: (site) => clear(site.honest, forgery(site)),
  };
}

/** A change in the text of an honest message; it must change something. */
export function changed(
  name: string,
  error: string | RegExp | undefined,
  [from, to]: readonly [from: string, to: string],
): HostileMessage {
  return {
    name,
    ...error === undefined ? {} : { error },
    make: async ({ honest }) => {
      const message = latin1(await clear(honest));
      const result = message.replace(from, () => to);
      if (result === message) throw new Error(`${name}: nothing was changed`);
      return bytes(result);
    },
  };
}

/** An IssuerAndSerialNumber that means this certificate. */
export function sidOf({ certificate }: Signer): Uint8Array {
  return der.sequence(
    certificate.issuer.raw,
    der.element(TAG.integer, certificate.serial),
  );
}

/** What the `openssl` program makes of the record. */
export function signedWith(
  signers: (site: HostileSite) => readonly Identity[],
  ...args: string[]
): HostileMessage["make"] {
  return (site) =>
    openssl([
      ...["cms", "-sign", "-text"],
      ...signers(site).flatMap(({ certificatePath, keyPath }) => [
        ...["-signer", certificatePath, "-inkey", keyPath],
      ]),
      // Some of them are about the signer before.
      ...args,
    ], { stdin: RECORD });
}

/** Good, but of somebody who is not on the list. */
export function notListed(commonName: string) {
  return {
    error: `Signer not in valid DNs list: ${dnOf(commonName)}`,
    signer: dnOf(commonName),
  };
}

/** Bytes as text of one character each. */
export function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
