import assert from "node:assert/strict";
import {
  AmsServer,
  amsUserTable,
  type JudgeCertificate,
} from "../../../../lib/broker/mod.ts";
import { formatDn, parseCertificate } from "../../../../lib/pki/mod.ts";
import { type TestPki, testPki } from "../../../kit/pki/test_pki.ts";
import type { Credentials } from "../../../peers/openssl/openssl.ts";
import { AmsCaller } from "../../../kit/net/test_ams.ts";

const LOGIN = "/service-types/ams/hosts/localhost:authx509";

const users = amsUserTable([{
  name: "site",
  grants: [{ right: "publish" }],
  credential: { kind: "certificate", dn: "/C=UK/O=Test/CN=host.example.org" },
}]);

/** Trusts the issuer by its name alone: how chains are verified is tested elsewhere. */
const judge: JudgeCertificate = ({ leaf }) => {
  const { subject, issuer } = parseCertificate(leaf);
  return Promise.resolve(
    formatDn(issuer).endsWith("/CN=Test CA")
      ? { dns: [formatDn(subject)] }
      : { refused: "nobody knows its CA" },
  );
};

async function withTls(
  fn: (
    call: (identity?: Credentials) => AmsCaller,
    pki: TestPki,
  ) => Promise<void>,
): Promise<void> {
  await using pki = await testPki();
  await using server = await AmsServer.listen({
    topics: [{ project: "p", topic: "t", subscriptions: ["s"] }],
    users: () => users,
    judge,
    listen: {
      tls: {
        keyPair: {
          certificate: pki.server.certificatePem,
          key: pki.server.keyPem,
        },
        clientCertificate: "optional",
      },
    },
  });
  using callers = new DisposableStack();
  await fn((identity) =>
    callers.use(
      new AmsCaller(server.port, {
        caCerts: [pki.ca.credentials.certificatePem],
        ...(identity && {
          tls: { cert: identity.certificatePem, key: identity.keyPem },
        }),
      }),
    ), pki);
}

Deno.test("AMS gives a token for a certificate, and takes it from any connection", () =>
  withTls(async (call, pki) => {
    const site = call(pki.host);
    const said = await site.get(LOGIN);
    assert.equal(said.status, 200, said.text);
    assert.deepEqual(Object.keys(said.json), ["token"]);
    const other = call();
    other.token = said.json.token;
    assert.deepEqual(await other.publish("x"), ["0"]);
    assert.equal(
      (await other.post("/projects/p/subscriptions/s:pull", {})).status,
      403,
    );
    // A certificate alone is no token.
    assert.equal((await site.get("/users/profile")).status, 401);
    assert.deepEqual((await site.get(LOGIN)).json, said.json);
  }));

Deno.test("AMS says why a certificate gets no token, in the words of ARGO's service", () =>
  withTls(async (call, pki) => {
    const error = async (caller: AmsCaller, path = LOGIN) => {
      const { status, json } = await caller.get(path);
      assert.equal(json.error.code, status);
      return [json.error.message, status, json.error.status];
    };
    assert.deepEqual(await error(call()), [
      "No certificate provided",
      400,
      "BAD REQUEST",
    ]);
    assert.deepEqual(await error(call(pki.ec)), [
      "Binding was not found",
      404,
      "NOT FOUND",
    ]);
    assert.deepEqual(await error(call(pki.rogue)), [
      "Your certificate is invalid. nobody knows its CA",
      403,
      "ACCESS_FORBIDDEN",
    ]);
    assert.deepEqual(
      await error(call(pki.host), "/service-types/x/hosts/y:authx509"),
      ["Service-type was not found", 404, "NOT FOUND"],
    );
  }));

Deno.test("tokens for a certificate depend on a key", () => {
  const entry = {
    name: "a",
    grants: [{ right: "all" }],
    credential: { kind: "certificate", dn: "/CN=a" },
  } as const;
  const key = new Uint8Array(32);
  const token = amsUserTable([entry], key).tokenFor(["/CN=a"])!;
  assert.equal(amsUserTable([entry], key).byToken(token)?.name, "a");
  assert.equal(amsUserTable([entry]).byToken(token), undefined);
  assert.equal(amsUserTable([], key).byToken(token), undefined);
});
