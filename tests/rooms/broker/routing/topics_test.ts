import assert from "node:assert/strict";
import { matches } from "../../../../lib/broker/message/destination.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

Deno.test("matches() knows the wildcards of ActiveMQ", () => {
  for (
    const [pattern, name, expected] of [
      ["a", "a", true],
      ["a", "b", false],
      ["a", "a.b", false],
      ["*", "a", true],
      ["*", "a.b", false],
      ["a.*", "a.b", true],
      ["a.*", "a", false],
      ["a.*", "a.b.c", false],
      ["*.b", "a.b", true],
      ["*.b.*", "a.b.c", true],
      ["*.b.*", "a.c.c", false],
      ["a.*.c", "a.b.c", true],
      ["a.*.c", "a.b.d", false],
      ["a.>", "a.b", true],
      ["a.>", "a.b.c", true],
      ["a.>", "a", true],
      ["a.>", "b.c", false],
      ["a.*.>", "a.b", true],
      ["a.*.>", "a", false],
      [">", "a.b", true],
      ["a*", "ab", false],
    ] as const
  ) {
    const found = matches(pattern.split("."), name.split("."));
    assert.equal(found, expected, `${pattern} ${name}`);
  }
});

Deno.test("Broker feeds the subscription of a pattern with all topics it matches", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  const destination = "/topic/accounting.*.cpu";
  await client.confirmed("SUBSCRIBE", { destination, id: "p" });
  await client.confirmed("SUBSCRIBE", { destination: "/topic/>", id: "all" });
  assert.equal(server.broker.stats().topics, 2);
  for (const name of ["accounting.uk.cpu", "accounting/uk/cpu", "other"]) {
    const topic = `/topic/${name}`;
    client.send("SEND", { destination: topic });
    const messages = await client.messages(name === "other" ? 1 : 2);
    const ids = messages.map(({ headers }) => headers.get("subscription"));
    assert.deepEqual(ids, name === "other" ? ["all"] : ["p", "all"]);
    for (const { headers } of messages) {
      assert.equal(headers.get("destination"), topic);
    }
  }
  await client.confirmed("UNSUBSCRIBE", { id: "p" });
  assert.equal(server.broker.stats().topics, 1);
  client.send("SEND", { destination: "/topic/accounting.uk.cpu" }, "once");
  assert.equal(text((await client.messages(1))[0]!), "once");
  assert.deepEqual(await client.pending(), []);
});

Deno.test("Broker feeds two subscriptions of the same pattern both", async () => {
  await using server = await TestBroker.start();
  const clients = [await server.connect(), await server.connect("1.0")];
  for (const client of clients) {
    await client.confirmed("SUBSCRIBE", { destination: "/topic/a.>", id: "s" });
  }
  assert.equal(server.broker.stats().topics, 1);
  await clients[0]!.confirmed("UNSUBSCRIBE", { id: "s" });
  await clients[0]!.confirmed("SEND", { destination: "/topic/a.b" }, "x");
  assert.equal(text((await clients[1]!.messages(1))[0]!), "x");
});
