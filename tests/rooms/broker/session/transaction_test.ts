import assert from "node:assert/strict";
import { MemoryStore } from "../../../../lib/broker/mod.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

const SEND = { destination: "/queue/a" };
const SUBSCRIBE = { ...SEND, id: "s", ack: "client-individual" };

/** A client that has sent itself message "1", and acknowledges it, by that id, in an open transaction. */
async function amidTransaction(server: TestBroker) {
  const client = await server.connect();
  await client.confirmed("SEND", SEND, "1");
  client.send("SUBSCRIBE", SUBSCRIBE);
  const [message] = await client.messages(1);
  const id = message!.headers.get("ack");
  client.send("BEGIN", { transaction: "t" });
  client.send("ACK", { id, transaction: "t" });
  return { client, id };
}

Deno.test("Broker sends what a transaction holds at COMMIT, in order", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  client.send("SUBSCRIBE", { ...SUBSCRIBE, ack: "auto" });
  client.send("BEGIN", { transaction: "t" });
  await client.confirmed("SEND", { ...SEND, transaction: "t" }, "1");
  await client.confirmed("SEND", { ...SEND, transaction: "t" }, "2");
  assert.deepEqual(await client.pending(), []);
  client.send("COMMIT", { transaction: "t" });
  const messages = await client.messages(2);
  assert.deepEqual(messages.map(text), ["1", "2"]);
  assert.equal(messages[0]!.headers.has("transaction"), false);
});

Deno.test("Broker forgets what an aborted transaction holds", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SEND", SEND, "kept");
  client.send("SUBSCRIBE", SUBSCRIBE);
  const [kept] = await client.messages(1);
  const ack = { id: kept!.headers.get("ack") };
  client.send("BEGIN", { transaction: "t" });
  client.send("SEND", { ...SEND, transaction: "t" }, "lost");
  client.send("ACK", { ...ack, transaction: "t" });
  assert.deepEqual(await client.confirmed("ABORT", { transaction: "t" }), []);
  assert.equal(server.broker.stats().queued, 1);
  await client.confirmed("ACK", ack);
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("Broker acknowledges at COMMIT what was acknowledged in a transaction", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  for (const body of ["1", "2", "3"]) {
    await client.confirmed("SEND", SEND, body);
  }
  client.send("SUBSCRIBE", SUBSCRIBE);
  const ids = (await client.messages(3)).map((m) => m.headers.get("ack"));
  client.send("BEGIN", { transaction: "t" });
  await client.confirmed("ACK", { id: ids[0], transaction: "t" });
  await client.confirmed("NACK", { id: ids[1], transaction: "t" });
  assert.equal(server.broker.stats().queued, 3);
  client.send("COMMIT", { transaction: "t" });
  const [again] = await client.messages(1);
  assert.equal(text(again!), "2");
  assert.equal(again!.headers.get("redelivered"), "true");
  assert.equal(server.broker.stats().queued, 2);
});

Deno.test("Broker covers earlier messages by an ACK of client mode in a transaction", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  for (const body of ["1", "2", "3"]) {
    await client.confirmed("SEND", SEND, body);
  }
  client.send("SUBSCRIBE", { ...SUBSCRIBE, ack: "client" });
  const ids = (await client.messages(3)).map((m) => m.headers.get("ack"));
  client.send("BEGIN", { transaction: "t" });
  await client.confirmed("ACK", { id: ids[1], transaction: "t" });
  await client.confirmed("ACK", { id: ids[2] });
  assert.equal(server.broker.stats().queued, 2);
  await client.confirmed("COMMIT", { transaction: "t" });
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("Broker makes room in the window for what a transaction acknowledges", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  await client.confirmed("SEND", SEND, "1");
  await client.confirmed("SEND", SEND, "2");
  client.send("SUBSCRIBE", { ...SUBSCRIBE, "prefetch-count": "1" });
  client.send("BEGIN", { transaction: "t" });
  for (const body of ["1", "2"]) {
    const [message] = await client.messages(1);
    assert.equal(text(message!), body);
    const id = message!.headers.get("ack");
    client.send("ACK", { id, transaction: "t" });
  }
  await client.confirmed("COMMIT", { transaction: "t" });
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("Broker refuses to acknowledge twice what a transaction holds", async () => {
  await using server = await TestBroker.start();
  const { client, id } = await amidTransaction(server);
  client.send("ACK", { id });
  assert.match(text(await client.refused()), /no such message awaits it/);
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("Broker aborts the transactions of a client that is gone", async () => {
  await using server = await TestBroker.start();
  const { client } = await amidTransaction(server);
  await client.confirmed("SEND", { ...SEND, transaction: "t" }, "2");
  await client.confirmed("DISCONNECT");
  await client.rest();
  const other = await server.connect();
  other.send("SUBSCRIBE", SUBSCRIBE);
  const [again] = await other.messages(1);
  assert.equal(text(again!), "1");
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("Broker does a COMMIT as a whole or not at all", async () => {
  const store = new MemoryStore({ maxBytes: 20_000 });
  await using server = await TestBroker.start({ store });
  const { client } = await amidTransaction(server);
  for (let n = 0; n < 3; n++) {
    client.send("SEND", { ...SEND, transaction: "t" }, "x".repeat(9000));
  }
  client.send("COMMIT", { transaction: "t", receipt: "r" });
  const frames = await client.rest();
  const error = frames.find((frame) => frame.command === "ERROR");
  assert.equal(error?.headers.get("receipt-id"), "r");
  assert.match(text(error), /^Queue memory is full/);
  const other = await server.connect();
  other.send("SUBSCRIBE", SUBSCRIBE);
  assert.equal(text((await other.messages(1))[0]!), "1");
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("Broker accepts the ping of the Python ssm", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect("1.1");
  const transaction = "{'transaction': '1795166352.59'}";
  client.bytes(`BEGIN\ntransaction:${transaction}\n\n\0`);
  client.bytes(`ABORT\ntransaction:${transaction}\nreceipt:r\n\n\0`);
  const answer = await client.expect("RECEIPT");
  assert.equal(answer.headers.get("receipt-id"), "r");
});

Deno.test("Broker refuses to begin a transaction twice", async () => {
  await using server = await TestBroker.start();
  const client = await server.connect();
  client.send("BEGIN", { transaction: "t" });
  client.send("BEGIN", { transaction: "t" });
  assert.match(text(await client.refused()), /transaction "t" is open already/);
});

Deno.test("Broker limits transactions in number, operations and bytes", async () => {
  await using server = await TestBroker.start({
    limits: {
      maxTransactions: 2,
      maxTransactionOperations: 3,
      maxTransactionBytes: 10_000,
    },
  });
  const many = await server.connect();
  for (const transaction of ["a", "b", "c"]) {
    many.send("BEGIN", { transaction });
  }
  assert.match(text(await many.refused()), /may have 2 transactions/);

  const long = await server.connect();
  long.send("BEGIN", { transaction: "t" });
  for (let n = 0; n < 4; n++) long.send("SEND", { ...SEND, transaction: "t" });
  assert.match(text(await long.refused()), /limited to 3 operations/);

  const large = await server.connect();
  large.send("BEGIN", { transaction: "t" });
  const body = "x".repeat(5000);
  await large.confirmed("SEND", { ...SEND, transaction: "t" }, body);
  large.send("SEND", { ...SEND, transaction: "t" }, body);
  assert.match(text(await large.refused()), /10000 bytes/);
  assert.equal(server.broker.stats().queued, 0);
});
