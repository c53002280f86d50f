import assert from "node:assert/strict";
import {
  AmsServer,
  amsUserTable,
  hashToken,
} from "../../../../lib/broker/mod.ts";
import { AmsCaller, refusal, withAms } from "../../../kit/net/test_ams.ts";

const PULL = "/projects/p/subscriptions/s:pull";
const PUBLISH = "/projects/p/topics/t:publish";

Deno.test("AMS hands out what was published, in the layout of ARGO's server", () =>
  withAms({}, async (ams) => {
    const published = await ams.post(PUBLISH, {
      messages: [
        { attributes: { empaid: "1/2", b: "" }, data: btoa("hello") },
        { data: "no base64", messageId: "77", publishTime: "never", other: 1 },
        { Attributes: null, DATA: null },
      ],
    });
    assert.equal(published.status, 200);
    assert.equal(published.contentType, "application/json; charset=utf-8");
    assert.equal(
      published.text,
      '{\n   "messageIds": [\n      "0",\n      "1",\n      "2"\n   ]\n}',
    );
    const pulled = await ams.post(PULL, {
      maxMessages: "3",
      returnImmediately: "true",
    });
    assert.equal(pulled.status, 200);
    const received = pulled.json.receivedMessages;
    assert.match(received[0].message.publishTime, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const { publishTime } = received[0].message;
    assert.deepEqual(received, [
      {
        ackId: "projects/p/subscriptions/s:0",
        message: {
          messageId: "0",
          attributes: { empaid: "1/2", b: "" },
          data: btoa("hello"),
          publishTime,
        },
      },
      {
        ackId: "projects/p/subscriptions/s:1",
        message: { messageId: "1", data: "no base64", publishTime },
      },
      {
        ackId: "projects/p/subscriptions/s:2",
        message: { messageId: "2", data: "", publishTime },
      },
    ]);
    const acknowledged = await ams.acknowledge(2);
    assert.deepEqual([acknowledged.status, acknowledged.text], [200, "{}"]);
    const empty = await ams.post(PULL, "{}");
    assert.equal(empty.text, '{\n   "receivedMessages": []\n}');
  }));

Deno.test("AMS gives attributes back as they came, whatever is in them", () =>
  withAms({}, async (ams) => {
    const attributes = {
      'q"': 'b"b',
      b: "\\n\\",
      c: 'x","k":"v',
      "": "\u0001é",
    };
    await ams.post(PUBLISH, { messages: [{ attributes, data: "" }] });
    const { json } = await ams.post(PULL, "{}");
    assert.deepEqual(json.receivedMessages[0].message.attributes, attributes);
  }));

Deno.test("AMS publishes nothing for no messages", () =>
  withAms({}, async (ams) => {
    for (const body of ["{}", "null", '{"messages":[]}', '{"messages":null}']) {
      const said = await ams.post(PUBLISH, body);
      assert.deepEqual([said.status, said.json], [200, { messageIds: [] }]);
    }
  }));

for (
  const body of [
    "",
    "[]",
    '"x"',
    "{",
    '{"messages":[]} x',
    '{"messages":{}}',
    '{"messages":["x"]}',
    '{"messages":[{"data":1}]}',
    '{"messages":[{"attributes":[]}]}',
    '{"messages":[{"attributes":{"a":1}}]}',
    '{"messages":[{"messageId":1}]}',
    "[".repeat(100_000),
    "\ufeff{}",
  ]
) {
  Deno.test(`AMS refuses to publish ${body.slice(0, 30)}`, () =>
    withAms({}, async (ams) => {
      assert.deepEqual(refusal(await ams.post(PUBLISH, body)), [
        400,
        "Invalid Message Arguments",
      ]);
      assert.deepEqual(await ams.offsets(), [0, 0, 0]);
    }));
}

Deno.test("AMS takes all messages of a call or none, and none that is too large", () =>
  withAms({ limits: { maxMessageBytes: 1000 } }, async (ams) => {
    const large = { messages: [{ data: "x" }, { data: "x".repeat(900) }] };
    assert.deepEqual(refusal(await ams.post(PUBLISH, large)), [
      413,
      "Message size is too large",
    ]);
    assert.deepEqual(await ams.offsets(), [0, 0, 0]);
    const fits = { messages: [{ data: "x" }, { data: "x".repeat(850) }] };
    assert.equal((await ams.post(PUBLISH, fits)).status, 200);
    assert.deepEqual(await ams.offsets(), [0, 0, 2]);
  }));

Deno.test("AMS understands only texts as the numbers of a pull", () =>
  withAms({}, async (ams) => {
    await ams.publish("0", "1", "2");
    for (
      const body of [
        "",
        '{"maxMessages":2}',
        '{"returnImmediately":true}',
        "[]",
      ]
    ) {
      assert.deepEqual(refusal(await ams.post(PULL, body)), [
        400,
        "Invalid Pull Parameters Arguments",
      ]);
    }
    const counts: readonly (readonly [string | undefined, number])[] = [
      ["2", 2],
      ["+2", 2],
      ["1000", 3],
      [undefined, 1],
      ["", 1],
      ["0", 1],
      ["-3", 1],
      ["two", 1],
      ["9223372036854775807", 3],
      ["9223372036854775808", 1],
    ];
    for (const [maxMessages, count] of counts) {
      // What AMS would hold up is answered at once.
      const body = { maxMessages, returnImmediately: "false" };
      const { json } = await ams.post(PULL, body);
      assert.equal(json.receivedMessages.length, count, String(maxMessages));
    }
  }));

Deno.test("AMS hands out no more than fits in an answer, and always one message", () =>
  withAms({ limits: { maxPullBytes: 4000 } }, async (ams) => {
    await ams.publish("x".repeat(5000), "1", "2", "3", "4", "5", "6", "7");
    assert.deepEqual(Object.keys(await ams.pull()), ["0"]);
    await ams.acknowledge(0);
    const next = Object.keys(await ams.pull());
    assert.ok(next.length > 1 && next.length < 7, String(next.length));
  }));

Deno.test("AMS checks name, token, project, user, place and body in the order of ARGO's", async () => {
  const token = (text: string) =>
    ({ kind: "token", sha256: hashToken(text) }) as const;
  const users = amsUserTable([
    { name: "pub", grants: [{ right: "publish" }], credential: token("pub") },
    {
      name: "one",
      grants: [{ right: "publish", where: "p/t" }, {
        right: "pull",
        where: "p/s",
      }],
      credential: token("one"),
    },
  ]);
  await withAms({
    users: () => users,
    topics: [
      { project: "p", topic: "t", subscriptions: ["s", "s2"] },
      { project: "p", topic: "u", subscriptions: [] },
    ],
  }, async (ams) => {
    const said = async (who: string | undefined, path: string) => {
      ams.token = who;
      return refusal(await ams.post(path, "no JSON"));
    };
    const denied = [403, "Access to this resource is forbidden"];
    assert.deepEqual(await said(undefined, "/projects/p/topics/t!:publish"), [
      400,
      "Invalid topic name",
    ]);
    assert.deepEqual(await said(undefined, "/projects/x/topics/t:publish"), [
      401,
      "Unauthorized",
    ]);
    assert.deepEqual(await said("wrong", "/projects/x/topics/t:publish"), [
      404,
      "project doesn't exist",
    ]);
    assert.deepEqual(await said("wrong", "/projects/p/topics/x:publish"), [
      401,
      "Unauthorized",
    ]);
    assert.deepEqual(
      await said("pub", "/projects/p/subscriptions/x:pull"),
      denied,
    );
    assert.deepEqual(await said("pub", "/projects/p/topics/x:publish"), [
      404,
      "Topic doesn't exist",
    ]);
    assert.deepEqual(await said("one", "/projects/p/topics/u:publish"), denied);
    assert.deepEqual(
      await said("one", "/projects/p/subscriptions/s2:pull"),
      denied,
    );
    assert.deepEqual(await said("one", "/projects/p/topics/t:publish"), [
      400,
      "Invalid Message Arguments",
    ]);
  });
});

Deno.test("AMS takes the token of the address, unless there is one in the header", async () => {
  const users = amsUserTable([{
    name: "a",
    grants: [{ right: "all" }],
    credential: { kind: "token", sha256: hashToken("good") },
  }]);
  await withAms({ users: () => users }, async (ams) => {
    ams.token = undefined;
    assert.equal((await ams.get("/users/profile?key=good")).status, 200);
    ams.token = "bad";
    assert.equal((await ams.get("/users/profile?key=good")).status, 401);
  });
});

Deno.test("AMS knows no other paths and methods", () =>
  withAms({}, async (ams) => {
    for (
      const path of ["/x", "/projects/p/topics/t/", "/projects/p/topics/a%2fb"]
    ) {
      const { status, text } = await ams.get(path);
      assert.deepEqual([status, text], [404, "404 page not found\n"]);
    }
    for (
      const [method, path] of [
        ["DELETE", "/projects/p/topics/t"],
        ["POST", "/status"],
        ["POST", "/projects/p/topics/t:other"],
      ] as const
    ) {
      const { status, text } = await ams.call(method, path);
      assert.deepEqual([status, text], [405, ""], `${method} ${path}`);
    }
    for (const path of [PUBLISH, "/projects/p/topics/t:other"]) {
      assert.deepEqual(refusal(await ams.get(path)), [
        400,
        "Invalid topic name",
      ]);
    }
  }));

Deno.test("AMS shows topics, subscriptions and the user's own rights", async () => {
  const users = amsUserTable([{
    name: "reader",
    grants: [{ right: "pull", where: "p/s" }],
    credential: { kind: "token", sha256: hashToken("r") },
  }]);
  await withAms({ users: () => users }, async (ams) => {
    ams.token = "r";
    const shown = (await ams.get("/projects/p/subscriptions/s")).json;
    assert.equal(shown.name, "/projects/p/subscriptions/s");
    assert.equal(shown.topic, "/projects/p/topics/t");
    assert.equal(shown.ackDeadlineSeconds, 10);
    assert.match(shown.createdOn, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const list = (await ams.get("/projects/p/subscriptions")).json;
    assert.deepEqual([list.subscriptions, list.totalSize], [[shown], 1]);
    const topic = (await ams.get("/projects/p/topics/t")).json;
    assert.equal(topic.name, "/projects/p/topics/t");
    const ofTopic = await ams.get("/projects/p/topics/t/subscriptions");
    assert.deepEqual(ofTopic.json, { subscriptions: ["s", "s2"] });
    const profile = (await ams.get("/users/profile")).json;
    assert.equal(profile.name, "reader");
    assert.deepEqual(profile.projects, [{
      project: "p",
      roles: ["consumer"],
      topics: [],
      subscriptions: ["s"],
    }]);
    ams.token = undefined;
    assert.equal((await ams.get("/users/profile")).status, 401);
    assert.deepEqual((await ams.get("/status")).json.status, "ok");
    assert.equal((await ams.get("/version")).status, 200);
  });
});

Deno.test("AMS shows lists in pages", () =>
  withAms({
    topics: ["a", "b", "c"].map((topic) => ({
      project: "p",
      topic,
      subscriptions: [],
    })),
  }, async (ams) => {
    const names: string[] = [];
    let token = "";
    do {
      const { json } = await ams.get(
        `/projects/p/topics?pageSize=2&pageToken=${token}`,
      );
      assert.equal(json.totalSize, 3);
      names.push(...json.topics.map(({ name }: { name: string }) => name));
      token = json.nextPageToken;
    } while (token !== "");
    assert.deepEqual(
      names,
      ["a", "b", "c"].map((t) => `/projects/p/topics/${t}`),
    );
    for (const query of ["pageSize=x", "pageToken=%25", "pageToken=eA=="]) {
      assert.equal((await ams.get(`/projects/p/topics?${query}`)).status, 400);
    }
  }));

Deno.test("AMS finds no topic whose name is no name", async () => {
  for (
    const [project, topic, subscription] of [
      ["a/b", "t", "s"],
      ["p", "", "s"],
      ["p", "t", "ü"],
    ] as const
  ) {
    await assert.rejects(
      AmsServer.listen({
        topics: [{ project, topic, subscriptions: [subscription] }],
      }),
      RangeError,
    );
  }
  await assert.rejects(
    AmsServer.listen({
      topics: [
        { project: "p", topic: "t", subscriptions: ["s"] },
        { project: "p", topic: "u", subscriptions: ["s"] },
      ],
    }),
    /belongs to topic t already/,
  );
});

Deno.test("AMS keeps the connection of a client", () =>
  withAms({}, async (ams, server) => {
    for (let n = 0; n < 5; n++) await ams.publish("x");
    assert.equal(server.stats().connections, 1);
    using other = new AmsCaller(server.port);
    await other.pull();
    assert.equal(server.stats().connections, 2);
  }));
