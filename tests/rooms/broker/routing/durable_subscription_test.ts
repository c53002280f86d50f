import assert from "node:assert/strict";
import {
  MemoryStore,
  SqliteStore,
  type Store,
  type StoreChange,
} from "../../../../lib/broker/mod.ts";
import { SsmError } from "../../../../lib/errors.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import {
  type RawClient,
  TestBroker,
  text,
} from "../../../kit/net/test_broker.ts";
import { ackHeaders, bodies } from "../queue_client.ts";

const TOPIC = "/topic/a";

type Headers = Readonly<Record<string, string>>;

/** How the brokers have a durable subscription named, in CONNECT and in SUBSCRIBE and UNSUBSCRIBE. */
const FORMS: Readonly<
  Record<string, { connect?: Headers; subscribe: Headers; end?: Headers }>
> = {
  ActiveMQ: {
    connect: { "client-id": "c" },
    subscribe: { "activemq.subscriptionName": "n" },
  },
  "old clients of ActiveMQ": {
    connect: { "client-id": "c" },
    subscribe: { "activemq.subcriptionName": "n" },
  },
  Artemis: {
    connect: { "client-id": "c" },
    subscribe: { "durable-subscription-name": "n" },
  },
  RabbitMQ: {
    subscribe: { durable: "true", "auto-delete": "false" },
    end: { durable: "true" },
  },
  "old clients of RabbitMQ": { subscribe: { persistent: "true" } },
};

const NAMED = FORMS["ActiveMQ"]!.subscribe;
const CLIENT = FORMS["ActiveMQ"]!.connect!;

function subscribe(client: RawClient, headers: Headers = {}): Promise<unknown> {
  const ack = "client-individual";
  const common = { destination: TOPIC, id: "s", ack };
  return client.confirmed("SUBSCRIBE", { ...common, ...headers });
}

function publish(
  client: RawClient,
  body: string,
  headers: Headers = {},
): Promise<unknown> {
  return client.confirmed("SEND", { destination: TOPIC, ...headers }, body);
}

for (
  const [whose, { connect, subscribe: named, end }] of Object.entries(FORMS)
) {
  for (const version of ["1.0", "1.2"] as const) {
    Deno.test(`Broker keeps for a durable subscription what is published meanwhile, as ${whose}, STOMP ${version}`, async () => {
      await using server = await TestBroker.start();
      const producer = await server.connect();
      await publish(producer, "too early");
      const before = await server.connect(version, connect);
      await subscribe(before, named);
      await publish(producer, "1");
      const [one] = await before.messages(1);
      assert.equal(one!.headers.get("destination"), TOPIC);
      await before.confirmed("ACK", ackHeaders(one!, version));
      await before.confirmed("UNSUBSCRIBE", { id: "s" });
      await publish(producer, "2");
      await before.confirmed("DISCONNECT");
      await publish(producer, "3");
      const after = await server.connect(version, connect);
      await subscribe(after, named);
      assert.deepEqual(bodies(await after.messages(2)), ["2", "3"]);
      await publish(producer, "4");
      assert.deepEqual(bodies(await after.messages(1)), ["4"]);
      // For good, along with what is in its hands.
      await after.confirmed("UNSUBSCRIBE", { id: "s", ...(end ?? named) });
      await publish(producer, "too late");
      const { queued, subscriptions } = server.broker.stats();
      assert.deepEqual({ queued, subscriptions }, {
        queued: 0,
        subscriptions: 0,
      });
      await subscribe(after, named);
      assert.deepEqual(await after.pending(), []);
    });
  }
}

Deno.test("Broker ends a durable subscription that no connection uses, by its name", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.2", CLIENT);
  await subscribe(client, NAMED);
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  await publish(client, "1");
  const { queued, durableSubscriptions } = server.broker.stats();
  assert.deepEqual({ queued, durableSubscriptions }, {
    queued: 1,
    durableSubscriptions: 1,
  });
  await client.confirmed("UNSUBSCRIBE", { id: "s", ...NAMED });
  assert.equal(server.broker.stats().queued, 0);
  client.send("UNSUBSCRIBE", { id: "s", ...NAMED });
  assert.match(
    text(await client.refused()),
    /there is no durable subscription "n" of client "c" of user "anonymous"/,
  );
});

Deno.test("Broker feeds a durable subscription to a pattern from all topics it matches", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.2", CLIENT);
  await subscribe(client, { ...NAMED, destination: "/topic/a.>" });
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  for (const destination of ["/topic/a", "/topic/a.b", "/topic/b"]) {
    await client.confirmed("SEND", { destination }, destination);
  }
  await subscribe(client, { ...NAMED, destination: "/topic/a.>" });
  const messages = await client.messages(2);
  assert.deepEqual(bodies(messages), ["/topic/a", "/topic/a.b"]);
});

Deno.test("Broker lets durable and other subscribers each have their copy", async () => {
  await using server = await TestBroker.start();
  const clients = [
    await server.connect("1.2", CLIENT),
    await server.connect("1.2", { "client-id": "other" }),
    await server.connect(),
  ];
  await subscribe(clients[0]!, NAMED);
  await subscribe(clients[1]!, NAMED);
  await subscribe(clients[2]!);
  await publish(await server.connect(), "1");
  for (const client of clients) {
    assert.deepEqual(bodies(await client.messages(1)), ["1"]);
  }
});

Deno.test("Broker lets one connection at a time use a durable subscription, and to one topic", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.2", CLIENT);
  await subscribe(client, NAMED);
  for (const command of ["SUBSCRIBE", "UNSUBSCRIBE"]) {
    const other = await server.connect("1.2", CLIENT);
    other.send(command, { destination: TOPIC, id: "x", ...NAMED });
    assert.match(text(await other.refused()), /"anonymous" is in use/);
  }
  // It is free as soon as its user is gone, in whatever way.
  client.close();
  const next = await server.connect("1.2", CLIENT);
  while (server.broker.stats().subscriptions > 0) await next.pending();
  await subscribe(next, NAMED);
});

Deno.test("Broker refuses a durable subscription to another topic than it was made for", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.2", CLIENT);
  await subscribe(client, NAMED);
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  await publish(client, "1");
  client.send("SUBSCRIBE", { destination: "/topic/b", id: "s", ...NAMED });
  assert.match(
    text(await client.refused()),
    /is to "\/topic\/a"; UNSUBSCRIBE it first/,
  );
  const again = await server.connect("1.2", CLIENT);
  await subscribe(again, NAMED);
  assert.deepEqual(bodies(await again.messages(1)), ["1"]);
});

Deno.test("Broker keeps the durable subscriptions of users and virtual hosts apart", async () => {
  await using server = await TestBroker.start({
    virtualHosts: ["one", "two"],
    authenticate: ({ login }) => ({ name: login! }),
  });
  const connect = (login: string, host = "one") =>
    server.connect("1.2", { ...CLIENT, login, host });
  const alice = await connect("alice");
  await subscribe(alice, NAMED);
  await alice.confirmed("UNSUBSCRIBE", { id: "s" });
  const [mallory, elsewhere] = [
    await connect("mallory"),
    await connect("alice", "two"),
  ];
  await subscribe(mallory, NAMED);
  await subscribe(elsewhere, NAMED);
  await publish(alice, "for alice");
  assert.deepEqual(bodies(await mallory.messages(1)), ["for alice"]);
  assert.deepEqual(await elsewhere.pending(), []);
  await mallory.confirmed("UNSUBSCRIBE", { id: "s", ...NAMED });
  await subscribe(alice, NAMED);
  assert.deepEqual(bodies(await alice.messages(1)), ["for alice"]);
});

Deno.test("Broker does not keep for a durable no-local subscription what its own connection sends", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.2", CLIENT);
  await subscribe(client, { ...NAMED, "no-local": "true" });
  await publish(client, "own");
  await publish(await server.connect(), "other's");
  assert.deepEqual(bodies(await client.messages(1)), ["other's"]);
});

Deno.test("Broker moves what a durable subscriber refuses too often to the dead letters", async () => {
  await using server = await TestBroker.start({
    deadLetters: { maxRedeliveries: 0 },
  });
  const client = await server.connect("1.2", CLIENT);
  await subscribe(client, NAMED);
  await publish(await server.connect(), "poison");
  const [message] = await client.messages(1);
  await client.confirmed("NACK", ackHeaders(message!, "1.2"));
  client.send("SUBSCRIBE", { destination: "/queue/DLQ", id: "dead" });
  const [dead] = await client.messages(1);
  assert.equal(text(dead!), "poison");
  assert.equal(dead!.headers.get("original-destination"), TOPIC);
});

Deno.test("Broker drops what expires while it waits for a durable subscriber", async () => {
  const clock = new ManualClock();
  await using server = await TestBroker.start({ clock });
  const client = await server.connect("1.2", CLIENT);
  await subscribe(client, NAMED);
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  await publish(client, "short", { expires: `${clock.timeOfDay + 1000}` });
  await publish(client, "long");
  clock.timeOfDay += 1000;
  await subscribe(client, NAMED);
  assert.deepEqual(bodies(await client.messages(1)), ["long"]);
});

Deno.test("Broker limits durable subscriptions, and refuses what there is no room to keep for one", async () => {
  await using server = await TestBroker.start({
    limits: { maxDurableSubscriptions: 1 },
    store: new MemoryStore({ maxBytes: 10_000 }),
  });
  const client = await server.connect("1.2", CLIENT);
  await subscribe(client, NAMED);
  await client.confirmed("UNSUBSCRIBE", { id: "s" });
  const second = await server.connect("1.2", CLIENT);
  second.send("SUBSCRIBE", {
    destination: TOPIC,
    id: "s",
    "activemq.subscriptionName": "other",
  });
  assert.match(
    text(await second.refused()),
    /there are 1 durable subscriptions/,
  );
  client.send("SEND", { destination: TOPIC }, "x".repeat(10_000));
  assert.match(text(await client.refused()), /Queue memory is full/);
});

Deno.test("Broker makes no durable subscription that the store does not take", async () => {
  class Full extends MemoryStore {
    full = true;

    override apply(changes: readonly StoreChange[]): Promise<void> {
      if (!this.full) return super.apply(changes);
      return Promise.reject(new SsmError("LIMIT", "No room"));
    }
  }
  const store = new Full();
  await using server = await TestBroker.start({ store });
  const client = await server.connect("1.2", CLIENT);
  client.send("SUBSCRIBE", { destination: TOPIC, id: "s", ...NAMED });
  assert.match(text(await client.refused()), /No room/);
  store.full = false;
  await publish(await server.connect(), "1");
  assert.equal(server.broker.stats().queued, 0);
  await subscribe(await server.connect("1.2", CLIENT), NAMED);
});

const REFUSED: Readonly<Record<string, { headers: Headers; words: RegExp }>> = {
  "by a name of ActiveMQ without client-id": {
    headers: NAMED,
    words: /CONNECT had no client-id/,
  },
  "of a queue": {
    headers: { ...NAMED, destination: "/queue/a" },
    words: /a durable subscription to a queue is not supported/,
  },
  "of several topics": {
    headers: { ...NAMED, destination: "/topic/a,/topic/b" },
    words: /a durable subscription of several destinations is not supported/,
  },
  "that is to end with its consumer": {
    headers: { durable: "true", "auto-delete": "true" },
    words: /auto-delete:true is not supported/,
  },
  "that nobody could find again": {
    headers: { "auto-delete": "false" },
    words: /auto-delete:false without durable:true is not supported/,
  },
  "of neither yes nor no": {
    headers: { durable: "perhaps" },
    words: /durable is "perhaps", not true or false/,
  },
  "with too long a name": {
    headers: { durable: "true", id: "x".repeat(1024) },
    words: /is longer than 1024 characters/,
  },
};

for (const [what, { headers, words }] of Object.entries(REFUSED)) {
  Deno.test(`Broker refuses a durable subscription ${what}`, async () => {
    await using server = await TestBroker.start();
    const client = await server.connect();
    client.send("SUBSCRIBE", { destination: TOPIC, id: "s", ...headers });
    assert.match(text(await client.refused()), words);
  });
}

Deno.test("Broker takes what RabbitMQ's clients say of a queue that is durable anyway", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const headers = { durable: "true", "auto-delete": "false" };
  await subscribe(client, { ...headers, destination: "/queue/a" });
  await client.confirmed("UNSUBSCRIBE", { id: "s", ...headers });
  assert.equal(server.broker.stats().subscriptions, 0);
});

/** Runs a broker over the store in a directory. */
async function withStore(
  directory: string,
  use: (server: TestBroker, store: Store) => Promise<void>,
): Promise<void> {
  const store = await SqliteStore.open(directory);
  await using server = await TestBroker.start({ store });
  await use(server, store);
}

Deno.test("Broker with a store on disk keeps durable subscriptions and their persistent messages over a restart", async () => {
  const directory = await Deno.makeTempDir();
  const names = [NAMED, { "activemq.subscriptionName": "a/b %ü" }];
  try {
    await withStore(directory, async (server) => {
      const client = await server.connect("1.2", CLIENT);
      for (const named of names) {
        await subscribe(client, named);
        await client.confirmed("UNSUBSCRIBE", { id: "s" });
      }
      await publish(client, "kept", { persistent: "true" });
      await publish(client, "in memory");
    });
    await withStore(directory, async (server) => {
      const client = await server.connect("1.2", CLIENT);
      assert.match(
        server.log.join("\n"),
        /INFO Kept the durable subscription "n" of client "c" of user "anonymous" to "\/topic\/a": 1 messages wait/,
      );
      await publish(client, "after", { persistent: "true" });
      for (const named of names) {
        await subscribe(client, named);
        const messages = await client.messages(2);
        assert.deepEqual(bodies(messages), ["kept", "after"]);
        for (const message of messages) {
          await client.confirmed("ACK", ackHeaders(message, "1.2"));
        }
        await client.confirmed("UNSUBSCRIBE", { id: "s", ...named });
      }
    });
    await withStore(directory, async (server, store) => {
      const client = await server.connect("1.2", CLIENT);
      await publish(client, "to nobody", { persistent: "true" });
      assert.equal(store.count, 0);
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
