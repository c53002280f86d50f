import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { SsmError } from "../../../../lib/errors.ts";
import { HttpClient, type PeerVerifier } from "../../../../lib/net/mod.ts";
import { HttpsPeer } from "../../../kit/net/https_peer.ts";
import { keyPair } from "../../../kit/pki/key_pair.ts";
import { type TestPki, testPki } from "../../../kit/pki/test_pki.ts";
import { trustIn } from "../../../kit/pki/trust_in.ts";
import { Running } from "../../../kit/programs/program.ts";
import type { Credentials } from "../../../peers/openssl/openssl.ts";
import { opensslServer } from "../../../peers/openssl/openssl_server.ts";
import { GET, httpSite, MATERIAL } from "./http_site.ts";

const PKI: TestPki = await testPki();
addEventListener("unload", () => Deno.removeSync(PKI.dir, { recursive: true }));
const TRUST = trustIn(PKI.ca.credentials.certificatePem);

const PROGRAM = fileURLToPath(
  new URL("./public_trust_client.ts", import.meta.url),
);

/** What a client says of a server with this certificate, with no more rights than ssm has. */
async function said(
  credentials: Credentials,
  host = "localhost",
  authority = PKI.ca.credentials.certificatePath,
): Promise<string> {
  await using peer = await HttpsPeer.listen({ credentials });
  await using client = new Running([
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--allow-sys=hostname"],
    ...["--allow-net", "--allow-read", "--allow-env"],
    ...[PROGRAM, host, String(peer.port)],
  ], { env: authority === "" ? {} : { DENO_CERT: authority } });
  const { stdout, stderr } = await client.end();
  assert.equal(stderr, "");
  const outcome = stdout.trimEnd();
  assert.equal(peer.requests.length, outcome === "trusted" ? 1 : 0);
  return outcome;
}

Deno.test("HttpClient trusts the public authorities", async () => {
  assert.equal(await said(PKI.host), "trusted");
  assert.equal(await said(PKI.ec, "127.0.0.1"), "trusted");
});

Deno.test("HttpClient does not trust other authorities, and says whose the certificate is", async () => {
  const words =
    /^TRUST Cannot trust "localhost": its certificate is not signed by an authority that is trusted, .*\(issuer "C=UK, O=Test, CN=/;
  assert.match(await said(PKI.host, "localhost", ""), words);
  assert.match(await said(PKI.rogue), words);
});

Deno.test("HttpClient asks a verifier besides about those whom no public authority vouches for", async () => {
  await using peer = await HttpsPeer.listen({ credentials: PKI.host });
  const call = async (besides: PeerVerifier) => {
    using client = new HttpClient({
      host: "localhost",
      port: peer.port,
      tls: { verify: { roots: "public", besides } },
    });
    return (await client.call(GET)).status;
  };
  assert.equal(await call(TRUST), 200);
  await assert.rejects(call(trustIn(PKI.rogueCa.credentials.certificatePem)), {
    code: "TRUST",
    message: 'Cannot trust "localhost": the test does not',
  });
  assert.equal(peer.requests.length, 1);
});

Deno.test("HttpClient says that a certificate has expired", async () => {
  assert.match(
    await said(PKI.expired),
    /^TRUST Cannot trust "localhost": its certificate expired on /,
  );
});

Deno.test("HttpClient does not trust a certificate with other names", async () => {
  const words =
    /^TRUST Cannot trust "(.*)": its certificate is for other names \("DNS:localhost, IP Address:127.0.0.1"\)$/;
  assert.match(await said(PKI.host, "msg.example.org"), words);
});

Deno.test("HttpClient does not trust a certificate that is for clients alone", async () => {
  const credentials = await PKI.ca.issue({
    subject: "/CN=localhost",
    extensions: [
      "basicConstraints=critical,CA:FALSE",
      "extendedKeyUsage=clientAuth",
      "subjectAltName=DNS:localhost",
    ],
  });
  assert.match(await said(credentials), /^TRUST /);
});

Deno.test("HttpClient lets a verifier judge instead, and sends nothing before", async () => {
  const verify = () => {
    throw new SsmError("TRUST", "Cannot trust it: revoked");
  };
  await using site = await httpSite({ tls: { verify } });
  await assert.rejects(site.client.call(GET), {
    code: "TRUST",
    message: "Cannot trust it: revoked",
  });
  assert.equal(site.peer.requests.length, 0);
});

Deno.test("HttpClient shows its certificate to a server that asks for one", async () => {
  await using peer = await HttpsPeer.listen({
    credentials: PKI.server,
    clientCa: PKI.ca.credentials.certificatePem,
  });
  const tls = {
    verify: {
      roots: "public" as const,
      besides: TRUST,
    },
  };
  const to = { host: "localhost", port: peer.port };
  using client = new HttpClient({
    ...to,
    tls: { ...tls, keyPair: keyPair(PKI.ec) },
  });
  assert.equal((await client.call(GET)).status, 200);
  using without = new HttpClient({ ...to, tls });
  await assert.rejects(without.call(GET), {
    code: "TLS",
    message:
      `Lost connection to localhost:${peer.port}: the server wants a client certificate`,
  });
});

for (const version of ["-tls1_2", "-tls1_3"]) {
  Deno.test(`HttpClient says that the server refuses its certificate, ${version}`, async () => {
    await using server = await opensslServer(
      { ...MATERIAL, ca: PKI.ca, server: PKI.server },
      ...["-Verify", "1", "-verify_return_error", "-www", version],
    );
    const status = async (credentials: Credentials) => {
      using client = new HttpClient({
        host: "localhost",
        port: server.port,
        tls: {
          verify: {
            roots: "public",
            besides: TRUST,
          },
          keyPair: keyPair(credentials),
        },
      });
      return (await client.call(GET)).status;
    };
    await assert.rejects(status(PKI.expired), {
      code: "TLS",
      message: /: the server refuses our certificate \(certificate expired\)$/,
    });
    await assert.rejects(status(PKI.rogue), {
      code: "TLS",
      message: /: the server refuses our certificate \(unknown ca\)$/,
    });
    assert.equal(await status(PKI.ec), 200);
  });
}
