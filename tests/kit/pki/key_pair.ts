/**
 * Credentials as TLS takes them.
 *
 * @module
 */
import type { KeyPair } from "../../../lib/net/mod.ts";
import { type Credentials, pemBytes } from "../../peers/openssl/openssl.ts";

/** As the library takes it. */
export function keyPair({ certificatePem, keyPem }: Credentials): KeyPair {
  return { certificate: certificatePem, key: keyPem };
}

/** The certificate's DER. */
export function der({ certificatePem }: Credentials): Uint8Array {
  return pemBytes(certificatePem);
}
