import assert from "node:assert/strict";
import {
  type AmsMessage,
  type AmsOffsets,
  type AmsSubscriptionFacts,
  isAmsError,
} from "../../../lib/ams/mod.ts";
import { inTurn, reply } from "../../kit/net/https_peer.ts";
import { amsError, amsSite, json, refusal, sent } from "./ams_site.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const message = (text: string, empaid = "a/b"): AmsMessage => ({
  data: bytes(text),
  attributes: { empaid },
});

Deno.test("AmsClient asks for nothing before there is something to ask", async () => {
  await using site = await amsSite();
  assert.deepEqual(await site.client.publish("T", []), []);
  assert.equal(site.ams.connections, 0);
});

Deno.test("AmsClient publishes messages in one call, in order", async () => {
  await using site = await amsSite();
  site.ams.answer = json({ messageIds: ["17", "18"] });
  const ids = await site.client.publish("T", [
    message("one"),
    message("zwö", "c"),
  ]);
  assert.deepEqual(ids, ["17", "18"]);
  const { method, path, headers } = site.ams.last;
  assert.equal(`${method} ${path}`, "POST /v1/projects/ACC/topics/T:publish");
  assert.equal(headers.get("x-api-key"), "t0ken");
  assert.equal(headers.get("content-type"), "application/json");
  assert.deepEqual(sent(site.ams), {
    messages: [
      { attributes: { empaid: "a/b" }, data: "b25l" },
      { attributes: { empaid: "c" }, data: "enfDtg==" },
    ],
  });
});

Deno.test("AmsClient refuses an attribute that would poison the subscription, before it asks", async () => {
  await using site = await amsSite();
  for (const empaid of ['a"b', "a\\b", "a\nb", "é", "\x7f"]) {
    await assert.rejects(site.client.publish("T", [message("x", empaid)]), {
      code: "LIMIT",
      message:
        /^Cannot publish to topic "T" of project "ACC": the attribute "empaid" has characters/,
    });
  }
  assert.equal(site.ams.connections, 0);
});

Deno.test("AmsClient pulls with the texts that the service wants", async () => {
  await using site = await amsSite();
  site.ams.answer = json({
    receivedMessages: [{
      ackId: "projects/ACC/subscriptions/S:41",
      message: {
        messageId: "41",
        attributes: { empaid: "x" },
        data: "b25l",
        publishTime: "2026-11-28T10:00:00.123Z",
      },
    }],
  });
  const [pulled, ...others] = await site.client.pull("S", 20);
  assert.equal(others.length, 0);
  assert.deepEqual(pulled, {
    offset: 41n,
    ackId: "projects/ACC/subscriptions/S:41",
    messageId: "41",
    attributes: new Map([["empaid", "x"]]),
    data: { bytes: bytes("one") },
    publishTime: "2026-11-28T10:00:00.123Z",
  });
  assert.equal(site.ams.last.path, "/v1/projects/ACC/subscriptions/S:pull");
  assert.deepEqual(sent(site.ams), {
    maxMessages: "20",
    returnImmediately: "true",
  });
});

Deno.test("AmsClient finds keys in whatever case, and null for an empty list", async () => {
  await using site = await amsSite();
  site.ams.answer = inTurn(
    json({ ReceivedMessages: [{ AckID: "S:1", MESSAGE: { Data: "" } }] }),
    json({ receivedMessages: null }),
    json({ receivedMessages: [] }),
  );
  const [pulled] = await site.client.pull("S", 1);
  assert.equal(pulled?.offset, 1n);
  assert.deepEqual(pulled?.data, { bytes: new Uint8Array(0) });
  assert.deepEqual(await site.client.pull("S", 1), []);
  assert.deepEqual(await site.client.pull("S", 1), []);
});

Deno.test("AmsClient takes a message of 20 MB", async () => {
  await using site = await amsSite();
  const data = new Uint8Array(20e6).fill(65);
  site.ams.answer = json({
    receivedMessages: [{ ackId: "S:1", message: { data: data.toBase64() } }],
  });
  const [pulled] = await site.client.pull("S", 1);
  assert.ok(pulled !== undefined && "bytes" in pulled.data);
  assert.equal(pulled.data.bytes.length, 20e6);
});

Deno.test("AmsClient acknowledges; an empty answer will do", async () => {
  await using site = await amsSite();
  site.ams.answer = inTurn(json({}), reply(200, ""));
  await site.client.acknowledge("S", "projects/ACC/subscriptions/S:4");
  await site.client.acknowledge("S", "projects/ACC/subscriptions/S:5");
  assert.equal(
    site.ams.last.path,
    "/v1/projects/ACC/subscriptions/S:acknowledge",
  );
  assert.deepEqual(sent(site.ams), {
    ackIds: ["projects/ACC/subscriptions/S:5"],
  });
});

Deno.test("AmsClient reads offsets and a subscription", async () => {
  await using site = await amsSite();
  site.ams.answer = inTurn(
    json({ max: 79, min: 0, current: 78 }),
    json({ topic: "projects/ACC/topics/T", ackDeadlineSeconds: 10 }),
  );
  const offsets: AmsOffsets = { min: 0n, max: 79n, current: 78n };
  assert.deepEqual(await site.client.offsets("S"), offsets);
  assert.equal(site.ams.last.path, "/v1/projects/ACC/subscriptions/S:offsets");
  const facts: AmsSubscriptionFacts = {
    topic: "projects/ACC/topics/T",
    ackDeadlineMs: 10_000,
  };
  assert.deepEqual(await site.client.subscription("S"), facts);
  assert.equal(site.ams.last.path, "/v1/projects/ACC/subscriptions/S");
  assert.equal(site.ams.last.method, "GET");
});

Deno.test("AmsClient moves an offset, of any size", async () => {
  await using site = await amsSite();
  const max = 2 ** 53 - 1;
  site.ams.answer = inTurn(
    json({ min: 0, current: 1, max }),
    reply(200, "", { "Content-Type": "application/json" }),
    refusal(403, "Access to this resource is forbidden"),
    reply(200, ""),
  );
  await site.client.moveOffset("S", BigInt(max));
  await site.client.moveOffset("S", 2n ** 63n - 1n);
  assert.equal(
    site.ams.last.path,
    "/v1/projects/ACC/subscriptions/S:modifyOffset",
  );
  assert.equal(
    new TextDecoder().decode(site.ams.last.body),
    '{"offset":9223372036854775807}',
  );
});

Deno.test("AmsClient does not ask for an offset out of bounds, which the service would take", async () => {
  await using site = await amsSite();
  site.ams.answer = json({ min: 3, current: 5, max: 9 });
  for (const offset of [2n, 10n]) {
    await assert.rejects(
      site.client.moveOffset("S", offset),
      amsError(
        "invalid",
        /Cannot move to offset \d+ of subscription "S" of project "ACC": only 3 to 9 are there/,
      ),
    );
  }
  assert.ok(site.ams.requests.every(({ path }) => path.endsWith(":offsets")));
});

Deno.test("AmsClient says that a refused offset may have been taken all the same", async () => {
  await using site = await amsSite();
  site.ams.answer = inTurn(
    refusal(403, "Access to this resource is forbidden"),
    refusal(400, "Offset out of bounds for subscription"),
  );
  await assert.rejects(
    site.client.moveOffset("S", 999n),
    amsError(
      "invalid",
      /answers 400 "Offset out of bounds for subscription"; the service may have moved it all the same/,
    ),
  );
});

Deno.test("AmsClient reads who it is, and what it may do", async () => {
  await using site = await amsSite();
  site.ams.answer = json({
    uuid: "u",
    name: "site-1",
    projects: [
      {
        project: "ACC",
        roles: ["consumer"],
        topics: null,
        subscriptions: ["S", 1],
      },
      null,
    ],
  });
  assert.deepEqual(await site.client.profile(), {
    name: "site-1",
    projects: [
      { project: "ACC", roles: ["consumer"], topics: [], subscriptions: ["S"] },
      { project: "", roles: [], topics: [], subscriptions: [] },
    ],
  });
  assert.equal(site.ams.last.path, "/v1/users/profile");
});

Deno.test("AmsClient tells whether there is a topic", async () => {
  await using site = await amsSite();
  site.ams.answer = inTurn(
    json({ name: "/projects/ACC/topics/T" }),
    refusal(404, "Topic doesn't exist"),
  );
  await site.client.topic("T");
  await assert.rejects(site.client.topic("T"), amsError("not found"));
});

Deno.test("AmsClient asks for the version without a token", async () => {
  await using site = await amsSite();
  site.ams.answer = json({ release: "1.7.0" });
  assert.equal(await site.client.version(), "1.7.0");
  assert.equal(site.ams.last.headers.has("x-api-key"), false);
});

Deno.test("AmsClient escapes names in paths", async () => {
  await using site = await amsSite({ project: "A/B" });
  site.ams.answer = json({ receivedMessages: [] });
  await site.client.pull("../x?y", 1);
  assert.equal(
    site.ams.last.path,
    "/v1/projects/A%2FB/subscriptions/..%2Fx%3Fy:pull",
  );
});

Deno.test("AmsClient counts calls, connections and bytes", async () => {
  await using site = await amsSite();
  site.ams.answer = reply(200, '{"messageIds":["1"]}');
  for (let call = 0; call < 3; call++) {
    await site.client.publish("T", [message("x")]);
  }
  const { requests, connections, receivedBytes, logins } =
    site.client.statistics;
  assert.deepEqual(
    { requests, connections, receivedBytes, logins },
    { requests: 3, connections: 1, receivedBytes: 60, logins: 0 },
  );
});

Deno.test("AmsClient stops on request", async () => {
  await using site = await amsSite();
  const stop = new AbortController();
  site.ams.answer = () => stop.abort();
  await assert.rejects(
    site.client.pull("S", 1, stop.signal),
    { code: "ABORTED" },
  );
});

Deno.test("AmsClient makes one attempt, and does not publish twice", async () => {
  await using site = await amsSite();
  site.ams.answer = inTurn(
    json({ messageIds: ["1"] }),
    (socket) => void socket.destroy(),
  );
  await site.client.publish("T", [message("x")]);
  await assert.rejects(
    site.client.publish("T", [message("y")]),
    (error) =>
      !isAmsError(error) &&
      (error as { code: string }).code === "CONNECTION_LOST",
  );
  assert.equal(site.ams.requests.length, 2);
});
