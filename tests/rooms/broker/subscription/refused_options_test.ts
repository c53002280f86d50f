import assert from "node:assert/strict";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

type Headers = Readonly<Record<string, string>>;

/** What other brokers do and this one does not, and what it says of it. */
const REFUSED: readonly (readonly [command: string, Headers, words: string])[] =
  [
    ...[
      "selector",
      "transformation",
      "activemq.retroactive",
      "activemq.maximumPendingMessageLimit",
      "activemq.priority",
      "activemq.somethingNew",
      "x-queue-name",
      "x-message-ttl",
      "x-single-active-consumer",
      "x-stream-offset",
      "x-priority",
    ].map((name) =>
      ["SUBSCRIBE", { [name]: "1" }, `${name} is not supported`] as const
    ),
    [
      "SUBSCRIBE",
      { browser: "true", destination: "/topic/a" },
      "browser of anything but one queue",
    ],
    [
      "SUBSCRIBE",
      { browser: "true", destination: "/queue/a.>" },
      "browser of anything but one queue",
    ],
    [
      "SUBSCRIBE",
      { browser: "true", destination: "a,b" },
      "browser of several destinations",
    ],
    ["SUBSCRIBE", { browser: "yes" }, 'browser is "yes", not true or false'],
    ["SUBSCRIBE", { "no-local": "true" }, "no-local on a queue"],
    ["SUBSCRIBE", { "activemq.noLocal": "true" }, "no-local on a queue"],
    ["SUBSCRIBE", { exclusive: "1" }, 'exclusive is "1", not true or false'],
    ["SUBSCRIBE", { "auto-delete": "true" }, "auto-delete:true is not"],
    ["SUBSCRIBE", { durable: "false" }, "durable:false is not supported"],
    [
      "SUBSCRIBE",
      { destination: "/queue/w.#" },
      "the wildcards here are * and >",
    ],
    ["SUBSCRIBE", { destination: "/queue/>.w" }, "> must be the last level"],
    [
      "SUBSCRIBE",
      { destination: "a,/temp-queue/b" },
      "a temporary queue along with others",
    ],
    [
      "SUBSCRIBE",
      { destination: "Consumer.A.VirtualTopic.B" },
      "a virtual topic is not supported",
    ],
    [
      "SUBSCRIBE",
      { destination: "a?consumer.exclusive=true" },
      "options in its name are not supported",
    ],
    [
      "SUBSCRIBE",
      { "subscription-type": "MULTICAST" },
      '"/queue/a" is ANYCAST',
    ],
    ["SUBSCRIBE", { "consumer-window-size": "many" }, "not a whole number"],
    ...[
      "AMQ_SCHEDULED_DELAY",
      "AMQ_SCHEDULED_PERIOD",
      "AMQ_SCHEDULED_REPEAT",
      "AMQ_SCHEDULED_CRON",
      "_AMQ_SCHED_DELIVERY",
      "x-delay",
      "ttl",
      "JMSXGroupID",
      "_AMQ_GROUP_ID",
      "_AMQ_DUPL_ID",
      "_AMQ_LVQ_NAME",
      "transformation",
      "x-message-ttl",
    ].map((name) =>
      [
        "SEND",
        { [name]: "1" },
        `Cannot send: ${name} is not supported`,
      ] as const
    ),
    ["SEND", { durable: "false" }, "durable:false is not supported"],
    ["SEND", { "auto-delete": "true" }, "auto-delete:true is not supported"],
    ["SEND", { exclusive: "true" }, "exclusive:true is not supported"],
    ["SEND", { persistent: "yes" }, 'persistent is "yes", not true or false'],
    ["SEND", { expiration: "soon" }, 'expiration is "soon", not a number'],
    ["SEND", { expiration: "0" }, "not a number of milliseconds from 1"],
    ["SEND", { destination: "/queue/a.>" }, '"/queue/a.>": it is a pattern'],
    [
      "SEND",
      { destination: "/topic/a", "destination-type": "ANYCAST" },
      '"/topic/a" is MULTICAST',
    ],
  ];

for (const [command, headers, words] of REFUSED) {
  const what = JSON.stringify(headers);
  Deno.test(`Broker refuses ${command} with ${what} by its name`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect();
    const id = command === "SUBSCRIBE" ? { id: "s" } : {};
    client.send(command, { destination: "/queue/a", ...id, ...headers });
    const said = text(await client.refused());
    assert.ok(said.includes(words), said);
    const { queued, subscriptions } = server.broker.stats();
    assert.deepEqual({ queued, subscriptions }, {
      queued: 0,
      subscriptions: 0,
    });
  });
}

Deno.test("Broker refuses in a transaction at SEND, not at COMMIT, what it cannot do", async () => {
  await using server = await TestBroker.start();
  for (const headers of [{ ttl: "1" }, { expires: "x" }, { persistent: "x" }]) {
    const client = await server.connect();
    client.send("BEGIN", { transaction: "t" });
    const send = { destination: "a", transaction: "t", receipt: "here" };
    client.send("SEND", { ...send, ...headers });
    const error = await client.refused();
    assert.equal(error.headers.get("receipt-id"), "here");
  }
});

Deno.test("Broker takes options that ask for nothing, and those that change nothing here", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SUBSCRIBE", {
    destination: "/queue/a",
    id: "s",
    selector: "",
    browser: "false",
    exclusive: "false",
    "no-local": "false",
    "activemq.retroactive": "false",
    "activemq.priority": "0",
    "activemq.dispatchAsync": "true",
    "activemq.prefetchSize": "10",
    "subscription-type": "anycast",
    durable: "True",
    "auto-delete": "false",
    "x-of-my-own": "1",
  });
  client.send("SEND", {
    destination: "/queue/a",
    "destination-type": "ANYCAST",
    durable: "true",
    "auto-delete": "false",
    exclusive: "no header of a broker's",
    AMQ_SCHEDULED_DELAY: "0",
    ttl: "0",
    persistent: "False",
    priority: "9",
    "amq-msg-type": "text",
    "correlation-id": "c",
    "x-of-my-own": "1",
  }, "1");
  const [message] = await client.messages(1);
  assert.equal(message!.headers.get("x-of-my-own"), "1");
  assert.equal(message!.headers.get("amq-msg-type"), "text");
});
