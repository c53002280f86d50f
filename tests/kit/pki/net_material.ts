/**
 * Certificates and keys in every dress, made once for the tests of a file.
 *
 * @module
 */
import type { KeyPair } from "../../../lib/net/mod.ts";
import {
  type Credentials,
  openssl,
  pemBytes,
  TestCa,
  testKey,
} from "../../peers/openssl/openssl.ts";

/** What {@linkcode material} makes. */
export interface Material extends AsyncDisposable {
  readonly dir: string;
  readonly ca: Credentials;
  /** For `localhost` and `127.0.0.1`. */
  readonly server: Credentials;
  /** RSA. */
  readonly client: Credentials;
  /** P-256. */
  readonly ecClient: Credentials;
}

/** Makes it, in a temporary directory that disposal removes. */
export async function material(): Promise<Material> {
  const dir = await Deno.makeTempDir({ prefix: "net-" });
  const ca = await TestCa.create(dir, { subject: "/C=UK/O=Test/CN=Test CA" });
  const server = await ca.issue({
    subject: "/C=UK/O=Test/CN=broker.example.org",
    key: { pem: await testKey("rsa:2048", 1) },
  });
  const client = await ca.issue({
    subject: "/C=UK/O=Test/CN=client.example.org",
    key: "rsa:2048",
  });
  const ecClient = await ca.issue({
    subject: "/C=UK/O=Test/CN=ec.example.org",
  });
  return {
    ...{ dir, ca: ca.credentials, server, client, ecClient },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

/** As the library takes it. */
export function keyPair({ certificatePem, keyPem }: Credentials): KeyPair {
  return { certificate: certificatePem, key: keyPem };
}

/** The certificate's DER. */
export function der({ certificatePem }: Credentials): Uint8Array {
  return pemBytes(certificatePem);
}

/** `key` written anew by an `openssl` command. */
export async function rewriteKey(
  key: string,
  ...command: string[]
): Promise<string> {
  return new TextDecoder().decode(await openssl(command, { stdin: key }));
}
