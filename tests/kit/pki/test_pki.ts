/**
 * One small public key infrastructure for tests that need certificates but are
 * not about them.
 *
 * @module
 */
import {
  type Credentials,
  TestCa,
  testKey,
  writeCaDirectory,
} from "../../peers/openssl/openssl.ts";

/** Authorities, hosts and the CA directory that trusts them. */
export interface TestPki extends AsyncDisposable {
  /** The temporary directory that everything lies in. */
  readonly dir: string;
  /** A hashed CA directory with `ca` and its CRL. */
  readonly caPath: string;
  readonly ca: TestCa;
  /** An authority that the directory does not know. */
  readonly rogueCa: TestCa;
  /** `/C=UK/O=Test/CN=host.example.org`, RSA-2048. */
  readonly host: Credentials;
  /** `/C=UK/O=Test/CN=server.example.org`, RSA-2048, another key than `host`. */
  readonly server: Credentials;
  /** `/C=UK/O=Test/CN=ec.example.org`, P-256. */
  readonly ec: Credentials;
  /** `/C=UK/O=Test/CN=unlisted.example.org`, P-256. */
  readonly unlisted: Credentials;
  /** Ended an hour ago. */
  readonly expired: Credentials;
  /** Ends in an hour, after a year. */
  readonly expiring: Credentials;
  /** On the CRL in the directory. */
  readonly revoked: Credentials;
  /** The subject of `host`, issued by `rogueCa` to another key, P-256. */
  readonly rogue: Credentials;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Makes one, in a temporary directory that disposal removes. */
export async function testPki(): Promise<TestPki> {
  const dir = await Deno.makeTempDir({ prefix: "pki-" });
  try {
    return await build(dir);
  } catch (error) {
    await Deno.remove(dir, { recursive: true });
    throw error;
  }
}

async function build(dir: string): Promise<TestPki> {
  const [ca, rogueCa] = await Promise.all([
    TestCa.create(dir, { subject: "/C=UK/O=Test/CN=Test CA" }),
    TestCa.create(dir, {
      subject: "/C=UK/O=Test/CN=Rogue CA",
    }),
  ]);
  const subject = (name: string) => `/C=UK/O=Test/CN=${name}.example.org`;
  const now = Date.now();
  const host = await ca.issue({ subject: subject("host"), key: "rsa:2048" });
  const server = await ca.issue({
    subject: subject("server"),
    key: { pem: await testKey("rsa:2048", 1) },
  });
  const ec = await ca.issue({ subject: subject("ec") });
  const unlisted = await ca.issue({ subject: subject("unlisted") });
  const expired = await ca.issue({
    subject: subject("expired"),
    notBefore: new Date(now - 2 * DAY_MS),
    notAfter: new Date(now - HOUR_MS),
  });
  const expiring = await ca.issue({
    subject: subject("expiring"),
    notBefore: new Date(now - 365 * 24 * HOUR_MS),
    notAfter: new Date(now + HOUR_MS),
  });
  const revoked = await ca.issue({ subject: subject("revoked") });
  const rogue = await rogueCa.issue({ subject: subject("host") });
  const caPath = `${dir}/certificates`;
  const crl = await ca.crl({ revoke: [revoked] });
  await writeCaDirectory(caPath, [ca.credentials.certificatePem, crl]);
  return {
    ...{ dir, caPath, ca, rogueCa },
    ...{ host, server, ec, unlisted, expired, expiring, revoked, rogue },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
