import assert from "node:assert/strict";
import { Broker, SqliteStore } from "../../../../lib/broker/mod.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

const HOSTS = { virtualHosts: ["one.example", "*.Two.example"] };

Deno.test("Broker keeps the destinations of virtual hosts apart", async () => {
  await using server = await TestBroker.start(HOSTS);
  const one = await server.connect("1.2", { host: "ONE.example" });
  const two = await server.connect("1.1", { host: "a.two.example" });
  const same = await server.connect("1.2", { host: "b.two.EXAMPLE" });
  for (const destination of ["/queue/a", "/topic/a"]) {
    for (const client of [one, two]) {
      await client.confirmed("SUBSCRIBE", { destination, id: destination });
    }
    await same.confirmed("SEND", { destination }, "two");
    const [message] = await two.messages(1);
    assert.equal(text(message!), "two");
    assert.equal(message!.headers.get("destination"), destination);
    await one.confirmed("SEND", { destination }, "one");
    assert.deepEqual((await one.messages(1)).map(text), ["one"]);
  }
  assert.deepEqual(await two.pending(), []);
  const { queues, topics } = server.broker.stats();
  assert.deepEqual({ queues, topics }, { queues: 2, topics: 2 });
});

Deno.test("Broker gives the first virtual host to who asks for none", async () => {
  await using server = await TestBroker.start(HOSTS);
  const none = await server.connect("1.1", { host: undefined });
  await none.confirmed("SUBSCRIBE", { destination: "a", id: "1" });
  const one = await server.connect("1.2", { host: "one.example" });
  await one.confirmed("SEND", { destination: "a" }, "here");
  assert.equal(text((await none.messages(1))[0]!), "here");
});

Deno.test("Broker refuses a virtual host that there is not, after the passcode", async () => {
  await using server = await TestBroker.start({
    ...HOSTS,
    authenticate: ({ login }) => login ? { name: login } : undefined,
  });
  const say = async (headers: Record<string, string>) => {
    const client = await server.dial();
    client.send("CONNECT", { "accept-version": "1.2", ...headers });
    return (await client.refused()).headers.get("message");
  };
  assert.equal(
    await say({ login: "me", host: "three\x1b.example" }),
    'Cannot connect: there is no virtual host "three\\x1b.example"',
  );
  assert.equal(
    await say({ host: "three.example" }),
    "Cannot log in: wrong login or passcode",
  );
  assert.equal(server.broker.stats().connectionsRefused, 2);
});

Deno.test("Broker refuses names that cannot be virtual hosts", () => {
  for (const name of ["", "a/b", "a b", "ü", "x".repeat(256)]) {
    assert.throws(() => new Broker({ virtualHosts: [name] }), RangeError, name);
  }
});

Deno.test("Broker puts stored messages back into the queues of their virtual hosts", async () => {
  const directory = await Deno.makeTempDir();
  try {
    {
      const store = await SqliteStore.open(directory);
      await using server = await TestBroker.start({ ...HOSTS, store });
      for (const host of ["one.example", "a.two.example"]) {
        const client = await server.connect("1.2", { host });
        await client.confirmed("SEND", {
          destination: "/queue/a/b",
          persistent: "true",
        }, host);
      }
    }
    const store = await SqliteStore.open(directory);
    await using server = await TestBroker.start({
      virtualHosts: ["one.example"],
      store,
    });
    const client = await server.connect("1.2", { host: "one.example" });
    const destination = "/queue/a/b";
    client.send("SUBSCRIBE", { destination, id: "1", ack: "client" });
    const [message] = await client.messages(1);
    assert.equal(text(message!), "one.example");
    await client.confirmed("ACK", { id: message!.headers.get("ack") });
    assert.deepEqual(server.broker.stats().queued, 1);
    assert.match(
      server.log.join("\n"),
      /WARNING Messages in 1 queues wait for the virtual host "\*\.two\.example", which there is not/,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
