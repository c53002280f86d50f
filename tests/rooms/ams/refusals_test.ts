import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { AmsClient, AmsErrorKind } from "../../../lib/ams/mod.ts";
import { AmsError } from "../../../lib/ams/mod.ts";
import { type PeerAnswer, raw, reply } from "../../kit/net/https_peer.ts";
import { amsError, amsSite, json, refusal } from "./ams_site.ts";

const small = { data: new Uint8Array(10), attributes: {} };
const large = { data: new Uint8Array(700_000), attributes: {} };

const CALLS = {
  publish: (client: AmsClient) => client.publish("T", [small]),
  "publish a large one": (client: AmsClient) =>
    client.publish("T", [small, large, small]),
  pull: (client: AmsClient) => client.pull("S", 5),
  acknowledge: (client: AmsClient) => client.acknowledge("S", "S:1"),
  offsets: (client: AmsClient) => client.offsets("S"),
  subscription: (client: AmsClient) => client.subscription("S"),
  profile: (client: AmsClient) => client.profile(),
} as const;
type Call = keyof typeof CALLS;
const ALL = Object.keys(CALLS) as Call[];

const REFUSALS: readonly (readonly [
  status: number,
  words: string,
  kind: AmsErrorKind,
  calls: readonly Call[],
])[] = [
  [400, "Invalid schema", "invalid", ALL],
  [400, "Invalid ack id", "invalid", ["acknowledge"]],
  [401, "Unauthorized", "unauthorized", ALL],
  [403, "Access to this resource is forbidden", "forbidden", ALL],
  [404, "Topic doesn't exist", "not found", ALL],
  [405, "", "invalid", ALL],
  [408, "ack timeout", "not pending", ["acknowledge"]],
  [408, "", "unavailable", ["pull", "publish"]],
  [409, "Subscription's topic doesn't exist", "conflict", ["pull"]],
  [413, "Message size is too large", "too large", ["publish"]],
  [429, "Slow down", "unavailable", ALL],
  [500, "wrong ack", "not pending", ["acknowledge"]],
  [500, "no ack pending", "not pending", ["acknowledge"]],
  [500, "Backend Error", "too large", ["publish a large one"]],
  [500, "Backend Error", "unavailable", ["publish", "pull", "acknowledge"]],
  [502, "", "unavailable", ALL],
  [504, "Backend Error", "unavailable", ["publish a large one"]],
  [
    500,
    "Message retrieved from broker network has invalid JSON Structure",
    "broken record",
    ["pull"],
  ],
  [500, "Error exporting data to JSON", "broken record", ["pull"]],
  [500, "Error exporting data to JSON", "unavailable", ["offsets"]],
];

for (const [status, words, kind, calls] of REFUSALS) {
  Deno.test(`AmsClient takes ${status} ${words} for "${kind}"`, async () => {
    await using site = await amsSite();
    for (const call of calls) {
      site.ams.answer = refusal(status, words);
      await assert.rejects(
        CALLS[call](site.client),
        (error) =>
          amsError(kind)(error) && (error as AmsError).status === status,
        call,
      );
    }
  });
}

Deno.test("AmsClient says which project, topic and subscription, and what to ask for", async () => {
  await using site = await amsSite();
  const whom = `AMS at localhost:${site.ams.port}`;
  const said = async (call: Call, answer: PeerAnswer) => {
    site.ams.answer = answer;
    const error = await CALLS[call](site.client).then(
      () => {},
      (error) => error,
    );
    assert.ok(error instanceof AmsError);
    return [error.message, error.hint];
  };
  assert.deepEqual(await said("publish", refusal(403, "Forbidden")), [
    `Cannot publish to topic "T" of project "ACC": ${whom} answers 403 "Forbidden"`,
    'Ask the operators of AMS for the role of a publisher in project "ACC" and for access to topic "T" of project "ACC".',
  ]);
  assert.deepEqual(await said("pull", refusal(404, "Nothing")), [
    `Cannot pull from subscription "S" of project "ACC": ${whom} answers 404 "Nothing"`,
    'Check ams_project and destination, or ask the operators of AMS to create subscription "S" of project "ACC".',
  ]);
  assert.deepEqual(await said("pull", refusal(409, "Gone")), [
    `Cannot pull from subscription "S" of project "ACC": ${whom} answers 409 "Gone"`,
    'The topic of subscription "S" of project "ACC" was deleted: ask the operators of AMS for another subscription.',
  ]);
  assert.deepEqual(await said("publish", refusal(401, "Unauthorized")), [
    `Cannot publish to topic "T" of project "ACC": ${whom} answers 401 "Unauthorized"`,
    'Check the token (token or token_file), and that it belongs to a user of project "ACC"; the operators of AMS give out a new one.',
  ]);
});

Deno.test("AmsClient hands on how long to wait", async () => {
  await using site = await amsSite();
  site.ams.answer = reply(503, "", { "Retry-After": "90" });
  await assert.rejects(site.client.pull("S", 1), { retryAfterMs: 90_000 });
});

Deno.test("AmsClient follows no redirection, and says where it pointed to", async () => {
  await using site = await amsSite();
  site.ams.answer = reply(307, "", {
    Location: "https://other.example/x?key=s3cret&t=t0ken",
  });
  await assert.rejects(
    site.client.publish("T", [small]),
    amsError(
      "redirected",
      /answers 307, to "https:\/\/other\.example\/x\?key=\*\*\*&t=\*\*\*" \| Set host/,
    ),
  );
});

Deno.test("AmsClient shows no secret of an answer, and nothing that drives a terminal", async () => {
  await using site = await amsSite();
  const texts = [
    refusal(500, 'Get "https://h/v1/users:byUUID/U?key=ADMIN": refused'),
    refusal(500, "x-api-key: ADMIN"),
    refusal(500, 'token="ADMIN"'),
    reply(500, "you sent t0ken\x1b[31m\u202e\r\nforged"),
    reply(500, `<html><style>x{}</style><h1>Bad</h1>${"a".repeat(5000)}`),
  ];
  for (const answer of texts) {
    site.ams.answer = answer;
    await assert.rejects(site.client.pull("S", 1), (error: AmsError) => {
      const all = `${error.message} ${error.hint} ${error.stack}`;
      assert.doesNotMatch(all, /ADMIN|t0ken|x\{\}/);
      assert.doesNotMatch(error.message, /[^\x20-\x7e…]/);
      return error.message.length < 600 && amsError("unavailable")(error);
    });
  }
});

const OK = "HTTP/1.1 200 OK\r\n";
const ODD: Readonly<Record<string, PeerAnswer>> = {
  "a page": reply(200, "<html>Log in</html>", { "Content-Type": "text/html" }),
  "a list": json([]),
  "a text": json("x"),
  "null": json(null),
  "half of JSON": reply(200, '{"messageIds":["1"'),
  "JSON and more": reply(200, '{"messageIds":["1"]} x'),
  "no UTF-8": reply(200, Uint8Array.of(0xff, 0xfe)),
  "a packed answer": reply(200, gzipSync("{}"), { "Content-Encoding": "gzip" }),
  "no HTTP": raw("hello\r\n"),
  "100 MB": raw(`${OK}Content-Length: 100000000\r\n\r\n`),
};

for (const [what, answer] of Object.entries(ODD)) {
  Deno.test(`AmsClient does not understand ${what}, whatever was asked`, async () => {
    await using site = await amsSite();
    site.ams.answer = answer;
    const kind = what === "100 MB" ? "answer too long" : "not understood";
    for (const call of ALL) {
      await assert.rejects(
        CALLS[call](site.client),
        amsError(kind, /^Cannot .* \| Check that host and port/),
        call,
      );
    }
  });
}

const SHAPES: readonly (readonly [Call, unknown])[] = [
  ["publish", {}],
  ["publish", { messageIds: null }],
  ["publish", { messageIds: [] }],
  ["publish", { messageIds: ["1", "2"] }],
  ["publish", { messageIds: "1" }],
  ["pull", {}],
  ["pull", { receivedMessages: {} }],
  ["pull", { receivedMessages: "x" }],
  ["offsets", {}],
  ["offsets", { min: -1, max: 0, current: 0 }],
  ["offsets", { min: 0.5, max: 1, current: 1 }],
  ["offsets", { min: 0, max: "9".repeat(30), current: 1 }],
  ["subscription", { topic: 1, ackDeadlineSeconds: 10 }],
  ["subscription", { topic: "x", ackDeadlineSeconds: null }],
];

for (const [call, value] of SHAPES) {
  Deno.test(`AmsClient does not understand ${JSON.stringify(value)} from ${call}`, async () => {
    await using site = await amsSite();
    site.ams.answer = json(value);
    await assert.rejects(CALLS[call](site.client), amsError("not understood"));
  });
}

Deno.test("AmsClient takes an answer up to its limit", async () => {
  await using site = await amsSite({ maxAnswerBytes: 1000 });
  const list = '{"receivedMessages":[]}';
  site.ams.answer = reply(200, list.padEnd(1000));
  assert.deepEqual(await site.client.pull("S", 1), []);
  site.ams.answer = reply(200, list.padEnd(1001));
  await assert.rejects(
    site.client.pull("S", 1),
    amsError("answer too long", /cannot be read: it is longer than 1000 bytes/),
  );
});

Deno.test("AmsClient takes more of an answer only for a message that comes alone", async () => {
  const data = "A".repeat(64 * 1024 ** 2);
  for (const [maxMessageBytes, most] of [[48_000_000, 0], [60_000_000, 1]]) {
    await using site = await amsSite({ maxMessageBytes });
    site.ams.answer = json({
      receivedMessages: [{ ackId: "S:1", message: { data } }],
    });
    for (const asked of [1, 2]) {
      const pull = site.client.pull("S", asked);
      if (asked > most!) {
        await assert.rejects(pull, amsError("answer too long"));
      } else assert.equal((await pull).length, 1);
    }
  }
});

Deno.test("AmsClient takes nothing for an answer that was cut, wherever", async () => {
  await using site = await amsSite();
  const body = '{"messageIds":["1"]}';
  const answer = `${OK}Content-Length: ${body.length}\r\n\r\n${body}`;
  for (let length = 0; length < answer.length; length++) {
    site.ams.answer = raw(answer.slice(0, length), "ends");
    await assert.rejects(
      site.client.publish("T", [small]),
      { code: "CONNECTION_LOST" },
      answer.slice(0, length),
    );
  }
  assert.equal(site.ams.requests.length, answer.length);
  site.ams.answer = raw(answer);
  assert.deepEqual(await site.client.publish("T", [small]), ["1"]);
});

Deno.test("AmsClient never takes half of an answer that ends with its connection for the whole", async () => {
  await using site = await amsSite();
  const body = '{"receivedMessages":[{"ackId":"S:1","message":{"data":""}}]}';
  for (let length = 0; length < body.length; length++) {
    site.ams.answer = raw(`${OK}\r\n${body.slice(0, length)}`, "ends");
    await assert.rejects(
      site.client.pull("S", 1),
      amsError("not understood"),
      body.slice(0, length),
    );
  }
  site.ams.answer = raw(`${OK}\r\n${body}`, "ends");
  assert.equal((await site.client.pull("S", 1)).length, 1);
});
