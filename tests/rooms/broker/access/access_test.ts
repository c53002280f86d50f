import assert from "node:assert/strict";
import {
  type AccessRequest,
  addressFilter,
} from "../../../../lib/broker/mod.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

Deno.test("Broker asks for each SEND and SUBSCRIBE whether it is allowed", async () => {
  const asked: AccessRequest[] = [];
  await using server = await TestBroker.start({
    authenticate: ({ login }) => ({ name: login! }),
    authorise: (request) => {
      asked.push(request);
      return asked.length % 2 === 0 || Promise.resolve(true);
    },
  });
  const client = await server.connect("1.2", { login: "alice" });
  client.send("SUBSCRIBE", { destination: "a", id: "1" });
  client.send("SUBSCRIBE", { destination: "/topic/b.>", id: "2" });
  client.send("SEND", { destination: "/queue/a" }, "1");
  client.send("SEND", { destination: "/topic/b.c" }, "2");
  client.send("SEND", { destination: "/queue/a" }, "3");
  assert.deepEqual((await client.messages(3)).map(text), ["1", "2", "3"]);
  const [{ remote }] = asked as [AccessRequest];
  assert.match(remote, /^127\.0\.0\.1:\d+$/);
  const principal = { name: "alice" };
  const common = { principal, remote, peer: undefined, host: "" };
  assert.deepEqual(asked, [
    { ...common, destination: "/queue/a", access: "read" },
    { ...common, destination: "/topic/b.>", access: "read" },
    { ...common, destination: "/queue/a", access: "write" },
    { ...common, destination: "/topic/b.c", access: "write" },
    { ...common, destination: "/queue/a", access: "write" },
  ]);
});

Deno.test("Broker refuses what is not allowed, and does not do it", async () => {
  await using server = await TestBroker.start({
    authorise: ({ destination, access }) =>
      access === "read"
        ? destination === "/queue/mine"
        : Promise.resolve(false),
  });
  const writer = await server.connect();
  writer.send("SEND", { destination: "mine", receipt: "r" });
  const error = await writer.refused();
  assert.equal(
    error.headers.get("message"),
    'Cannot send to "/queue/mine": not allowed',
  );
  assert.equal(error.headers.get("receipt-id"), "r");
  assert.equal(server.broker.stats().queued, 0);
  const reader = await server.connect();
  await reader.confirmed("SUBSCRIBE", { destination: "mine", id: "1" });
  reader.send("SUBSCRIBE", { destination: "/topic/>", id: "2" });
  assert.match(
    text(await reader.refused()),
    /^Cannot subscribe to "\/topic\/>": not allowed/,
  );
});

Deno.test("Broker refuses in a transaction, too, what is not allowed", async () => {
  await using server = await TestBroker.start({ authorise: () => false });
  const client = await server.connect();
  client.send("BEGIN", { transaction: "t" });
  client.send("SEND", { destination: "a", transaction: "t" });
  assert.match(text(await client.refused()), /not allowed/);
});

Deno.test("Broker does not ask about temporary queues", async () => {
  await using server = await TestBroker.start({
    authorise: ({ destination }) => destination === "/queue/requests",
  });
  const client = await server.connect();
  client.send("SUBSCRIBE", { destination: "requests", id: "1" });
  client.send("SEND", {
    destination: "requests",
    "reply-to": "/temp-queue/answers",
  });
  const [request] = await client.messages(1);
  client.send("SEND", { destination: request!.headers.get("reply-to") }, "42");
  assert.equal(text((await client.messages(1))[0]!), "42");
});

Deno.test("Broker survives an authorise hook that fails", async () => {
  await using server = await TestBroker.start({
    authorise: () => Promise.reject(new Error("the directory is gone")),
  });
  const client = await server.connect();
  client.send("SEND", { destination: "a", receipt: "r" });
  const error = await client.refused();
  assert.equal(
    error.headers.get("message"),
    "Cannot process SEND: internal error",
  );
  assert.match(server.log.join("\n"), /^ERROR .*the directory is gone/m);
});

Deno.test("Broker turns away who comes from the wrong address", async () => {
  const seen: string[] = [];
  await using server = await TestBroker.start({
    admit: (remote) => {
      seen.push(remote);
      return false;
    },
  });
  const client = await server.dial();
  const error = await client.refused();
  assert.equal(
    error.headers.get("message"),
    "Cannot connect: not from this address",
  );
  assert.match(seen.join(), /^127\.0\.0\.1:\d+$/);
  assert.equal(server.broker.stats().connectionsRefused, 1);
});

Deno.test("addressFilter() lets in who is allowed and not denied", () => {
  for (
    const [allow, deny, remote, admitted] of [
      [undefined, undefined, "192.0.2.1:50000", true],
      [undefined, ["192.0.2.*"], "192.0.2.1:50000", false],
      [["192.0.2.*"], undefined, "192.0.2.1:50000", true],
      [["192.0.2.*"], undefined, "192.0.20.1:50000", false],
      [["192.0.2.*"], ["192.0.2.1"], "192.0.2.1:50000", false],
      [["192.0.2.*"], ["192.0.2.1"], "192.0.2.11:50000", true],
      [["192.0.2.?"], [], "192.0.2.11:50000", false],
      [["10.*", "2001:db8:*"], [], "[2001:DB8::1]:50000", true],
      [["10.*", "2001:db8:*"], [], "[2001:db9::1]:50000", false],
      [["192.0.2.1"], [], "[::ffff:192.0.2.1]:50000", true],
      [["192.0.2.1"], [], "192x0x2x1:50000", false],
      [["[a-z]*"], [], "a:1", false],
    ] as const
  ) {
    const filter = addressFilter({ allow, deny });
    assert.equal(filter(remote), admitted, `${allow} ${deny} ${remote}`);
  }
});
