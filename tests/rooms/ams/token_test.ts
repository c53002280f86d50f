import assert from "node:assert/strict";
import { inTurn, type PeerAnswer, reply } from "../../kit/net/https_peer.ts";
import { opensslServer } from "../../peers/openssl/openssl_server.ts";
import { testPki } from "../../kit/pki/test_pki.ts";
import {
  amsError,
  type AmsSite,
  amsSite,
  json,
  PKI,
  refusal,
} from "./ams_site.ts";

const EMPTY = json({ receivedMessages: [] });

/** AMS, which takes this token alone. */
function wants(token: () => string): PeerAnswer {
  return (socket, request) =>
    (request.headers.get("x-api-key") === token()
      ? EMPTY
      : refusal(401, "Unauthorized"))(socket, request);
}

const pull = (site: AmsSite) => site.client.pull("S", 1);

Deno.test("AmsClient fetches a token with its certificate, once, when there is something to ask", async () => {
  await using site = await amsSite({ certificate: PKI.host });
  site.authn.answer = json({ token: "abc" });
  site.ams.answer = wants(() => "abc");
  assert.equal(site.authn.connections, 0);
  for (let call = 0; call < 3; call++) await pull(site);
  assert.equal(site.authn.requests.length, 1);
  assert.equal(
    `${site.authn.last.method} ${site.authn.last.path}`,
    "GET /v1/service-types/ams/hosts/localhost:authx509",
  );
  const { requests, connections, logins } = site.client.statistics;
  assert.deepEqual([requests, connections, logins], [4, 2, 1]);
});

Deno.test("AmsClient shows its certificate to the authentication service alone", async () => {
  await using site = await amsSite({ certificate: PKI.host });
  site.authn.answer = json({ token: "abc" });
  // A service that insists on a certificate gets none where it is not for logins.
  await using strict = await amsSite({
    port: site.authn.port,
    credential: {
      kind: "certificate",
      authnPort: site.authn.port,
      identity: () => PKI.host,
    },
  });
  await assert.rejects(pull(strict), {
    code: "TLS",
    message: /the server wants a client certificate$/,
  });
  assert.equal(site.authn.requests.length, 1);
});

Deno.test("AmsClient shares one login among calls that are made at once", async () => {
  await using site = await amsSite({ certificate: PKI.host });
  site.authn.answer = json({ token: "abc" });
  site.ams.answer = wants(() => "abc");
  await Promise.all([pull(site), pull(site), pull(site)]);
  assert.equal(site.authn.requests.length, 1);
});

Deno.test("AmsClient lets one caller give up on a login that others wait for", async () => {
  await using site = await amsSite({ certificate: PKI.host });
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  site.authn.answer = async (socket, request) => {
    asked.resolve();
    await go.promise;
    await json({ token: "abc" })(socket, request);
  };
  site.ams.answer = wants(() => "abc");
  const stop = new AbortController();
  const first = site.client.pull("S", 1, stop.signal);
  const second = pull(site);
  await asked.promise;
  stop.abort();
  await assert.rejects(first, { code: "ABORTED" });
  go.resolve();
  await second;
  assert.equal(site.authn.requests.length, 1);
});

Deno.test("AmsClient fetches another token when AMS refuses the old one, and says so", async () => {
  await using site = await amsSite({ certificate: PKI.host });
  let token = "first";
  site.authn.answer = (socket, request) => json({ token })(socket, request);
  site.ams.answer = wants(() => token);
  await pull(site);
  token = "second";
  await Promise.all([pull(site), pull(site), pull(site)]);
  assert.equal(site.authn.requests.length, 2);
  assert.match(site.said[0]!.message, /token was refused; using a new one/);
  assert.doesNotMatch(JSON.stringify(site.said), /first|second/);
});

Deno.test("AmsClient gives up when AMS refuses the new token as well, or there is no new one", async () => {
  await using site = await amsSite({ certificate: PKI.host });
  site.authn.answer = inTurn(
    json({ token: "first" }),
    json({ token: "second" }),
  );
  site.ams.answer = refusal(401, "Unauthorized");
  await assert.rejects(pull(site), amsError("unauthorized"));
  assert.equal(site.ams.requests.length, 2);
  await assert.rejects(pull(site), amsError("unauthorized"));
  assert.equal(site.ams.requests.length, 3);
});

Deno.test("AmsClient with a given token is unauthorized at once", async () => {
  await using site = await amsSite();
  site.ams.answer = refusal(401, "Unauthorized");
  await assert.rejects(pull(site), amsError("unauthorized", /Check the token/));
  assert.equal(site.ams.requests.length, 1);
});

Deno.test("AmsClient asks for the given token at each call", async () => {
  let token = "one\n";
  await using site = await amsSite({
    credential: { kind: "token", token: () => token },
  });
  site.ams.answer = EMPTY;
  await pull(site);
  token = "two";
  await pull(site);
  assert.deepEqual(
    site.ams.requests.map(({ headers }) => headers.get("x-api-key")),
    ["one", "two"],
  );
});

for (const token of ["", "a b", "a\nInjected: x", "é", "x".repeat(5000)]) {
  Deno.test(`AmsClient does not send a token that is none: ${JSON.stringify(token).slice(0, 20)}`, async () => {
    await using site = await amsSite({
      credential: { kind: "token", token: () => token },
    });
    await assert.rejects(pull(site), {
      code: "CONFIG",
      message: /^Cannot use the AMS token: it is empty, too long/,
    });
    assert.equal(site.ams.connections, 0);
  });
}

Deno.test("AmsClient tries the login again at the next call", async () => {
  await using site = await amsSite({ certificate: PKI.host });
  site.authn.answer = inTurn(
    refusal(500, "Internal Error"),
    json({ token: "abc" }),
  );
  site.ams.answer = wants(() => "abc");
  await assert.rejects(pull(site), amsError("unavailable"));
  await pull(site);
});

Deno.test("AmsClient asks for its certificate at each login, for it may be renewed", async () => {
  let host = PKI.expired;
  await using site = await amsSite();
  await using renewed = await amsSite({
    port: site.ams.port,
    credential: {
      kind: "certificate",
      authnPort: site.authn.port,
      identity: () => host,
    },
  });
  site.authn.answer = json({ token: "abc" });
  site.ams.answer = wants(() => "abc");
  await assert.rejects(renewed.client.pull("S", 1));
  host = PKI.host;
  await renewed.client.pull("S", 1);
});

const DN = '"/C=UK/O=Test/CN=host.example.org"';
const SERVICE_DN = '"CN=host.example.org,O=Test,C=UK"';
const REFUSALS: readonly (readonly [
  PeerAnswer,
  Parameters<typeof amsError>[0],
  RegExp,
])[] = [
  [
    refusal(404, "Binding was not found"),
    "unregistered",
    RegExp(
      `^Cannot get a token for "localhost": the authentication service at localhost:\\d+ answers 404 "Binding was not found" \\| Register the DN ${DN} as the host DN .*GOCDB.*IN_PRODUCTION=Y.*${SERVICE_DN}`,
    ),
  ],
  [refusal(404, "Host was not found"), "not found", /\| Check host: /],
  [refusal(404, "Service-type was not found"), "not found", /Service-type/],
  [
    refusal(403, "Your certificate has expired"),
    "unregistered",
    RegExp(`has expired" \\| Look at the certificate of ${DN}`),
  ],
  [refusal(400, "No certificate provided"), "unregistered", /No certificate/],
  [
    refusal(
      500,
      'Internal Error: Get "https://H/v1/users:byUUID/U?key=ADMIN": x',
    ),
    "unavailable",
    /byUUID\/U\?key=\*\*\*/,
  ],
  [reply(302, "", { Location: "/x" }), "redirected", /to "\/x"/],
  [reply(200, "<html>"), "not understood", /no JSON object/],
  [json({}), "not understood", /no token/],
  [json({ token: 7 }), "not understood", /no token/],
  [json({ token: "a b" }), "not understood", /no token/],
  [reply(200, "{".padEnd(100_000)), "answer too long", /longer than 65536/],
];

for (const [answer, kind, words] of REFUSALS) {
  Deno.test(`AmsClient has no token, for it is "${kind}": ${words.source.slice(-30)}`, async () => {
    await using site = await amsSite({ certificate: PKI.host });
    site.authn.answer = answer;
    await assert.rejects(pull(site), amsError(kind, words));
    assert.equal(site.ams.connections, 0);
  });
}

Deno.test("AmsClient warns of a certificate that the authentication service can never find", async () => {
  const certificate = await PKI.ca.issue({
    subject:
      "/C=UK/O=Test/CN=a.example.org/CN=b.example.org/UID=x/serialNumber=7",
  });
  await using site = await amsSite({ certificate });
  site.authn.answer = refusal(404, "Binding was not found");
  await assert.rejects(
    pull(site),
    amsError(
      "unregistered",
      /Use another certificate: .* can never be found, because its DN has a UID, .*, and its DN has a serialNumber, .*, and its DN has several CN.*"SERIALNUMBER=7,CN=b\.example\.org,O=Test,C=UK"/,
    ),
  );
});

Deno.test("AmsClient says that the authentication service refuses the certificate by TLS", async () => {
  await using tls = await testPki();
  await using server = await opensslServer(
    { ...tls, ca: PKI.ca, server: PKI.server },
    ...["-Verify", "1", "-verify_return_error", "-www"],
  );
  await using site = await amsSite({
    credential: {
      kind: "certificate",
      authnPort: server.port,
      identity: () => PKI.expired,
    },
  });
  await assert.rejects(pull(site), {
    code: "TLS",
    message:
      `Lost connection to localhost:${server.port}: the server refuses our certificate (certificate expired)`,
    hint: /^Look at the certificate of ".*CN=expired.example.org"/,
  });
});
