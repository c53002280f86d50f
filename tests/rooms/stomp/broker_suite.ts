/**
 * What the client must be able to do with any real broker.
 *
 * @module
 */

import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { dial, type Socket } from "../../../lib/net/mod.ts";
import {
  ReconnectingClient,
  STOMP_VERSIONS,
  StompClient,
  type StompConnectOptions,
} from "../../../lib/stomp/mod.ts";
import { testWith } from "../../peers/parts.ts";
import {
  type BrokerUnderTest,
  connectTo,
  connectToTls,
  countQuiet,
  inTime,
  newQueue,
  next,
  text,
} from "./live_broker.ts";
import { bytes } from "../../kit/text.ts";

const PERSISTENT = { persistent: "true" };

/** Registers the tests for one broker. */
export function runBrokerSuite(broker: BrokerUnderTest): void {
  const connect = (options?: StompConnectOptions) => connectTo(broker, options);
  const test = (name: string, fn: () => Promise<void>) =>
    testWith(broker.parts, `${broker.name}: ${name}`, fn);

  /** Sends messages, each confirmed before the next. */
  async function fill(queue: string, ...texts: string[]): Promise<void> {
    await using client = await connect();
    for (const one of texts) {
      await client.send(queue, bytes(one), {
        headers: PERSISTENT,
        receipt: true,
      });
    }
  }

  /** Takes all messages of a queue that nobody else takes from. */
  async function drain(queue: string): Promise<string[]> {
    await fill(queue, "the end");
    await using client = await connect();
    const subscription = await client.subscribe(queue);
    const texts: string[] = [];
    for (;;) {
      const message = await next(subscription);
      await message.ack({ receipt: true });
      if (text(message) === "the end") return texts;
      texts.push(text(message));
    }
  }

  for (const version of STOMP_VERSIONS) {
    test(`a message comes through as it was, over STOMP ${version}`, async () => {
      await using client = await connect({ acceptVersions: [version] });
      assert.equal(client.version, version);
      const queue = newQueue();
      const body = Uint8Array.from({ length: 1000 }, (_, index) => index);
      // 1.0 has no escapes; 1.1 and 1.2 must bring back what they escaped.
      const value = version === "1.0" ? "plain" : "a:b\\c\\nd\ne";
      await client.send(queue, body, {
        headers: { ...PERSISTENT, "empa-id": value },
        receipt: true,
      });
      const subscription = await client.subscribe(queue);
      const message = await next(subscription);
      assert.deepEqual(new Uint8Array(message.body), body);
      assert.equal(message.headers.get("empa-id"), value);
      await message.ack({ receipt: true });
      await client.disconnect();
      assert.deepEqual(await drain(queue), []);
    });
  }

  test("a message of 20 MB comes through", async () => {
    await using client = await connect();
    const queue = newQueue();
    const body = new Uint8Array(20 << 20).map((_, index) => index % 251);
    await client.send(queue, body, { receipt: true });
    const message = await next(await client.subscribe(queue));
    assert.ok(body.every((byte, index) => byte === message.body[index]));
    assert.equal(message.body.length, body.length);
    await message.ack({ receipt: true });
  });

  test("a client with a certificate is served over TLS", async () => {
    await using client = await connectToTls(broker, "with certificate");
    const queue = newQueue();
    const body = new Uint8Array(3 << 20).map((_, index) => index % 251);
    await client.send(queue, body, { receipt: true });
    const message = await next(await client.subscribe(queue));
    assert.deepEqual(new Uint8Array(message.body), body);
    await message.ack({ receipt: true });
  });

  test("a client without a certificate is told over TLS that it needs one", async () => {
    await assert.rejects(
      connectToTls(broker, "without certificate"),
      (error) => {
        assert.ok(isSsmError(error, "TLS"), String(error));
        assert.match(error.message, /client certificate/);
        return true;
      },
    );
  });

  test("messages under way at once keep their order and get their receipts", async () => {
    await using client = await connect();
    const queue = newQueue();
    const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
    await inTime(
      Promise.all(
        texts.map((one) =>
          client.send(queue, bytes(one), {
            headers: PERSISTENT,
            receipt: `receipt of ${one}`,
          })
        ),
      ),
      "200 receipts",
    );
    assert.deepEqual(await drain(queue), texts);
  });

  test("the prefetch leaves messages to other consumers", async () => {
    const queue = newQueue();
    await fill(queue, "one", "two", "three");
    await using first = await connect();
    await using second = await connect();
    const ofFirst = await first.subscribe(queue, { prefetch: 1 });
    const one = await next(ofFirst);
    const two = await next(await second.subscribe(queue, { prefetch: 1 }));
    assert.deepEqual([text(one), text(two)], ["one", "two"]);
    await one.ack();
    const three = await next(ofFirst);
    assert.equal(text(three), "three");
  });

  test("what was not acknowledged is delivered again when the consumer is lost", async () => {
    const queue = newQueue();
    await fill(queue, "one", "two");
    const lost = await connect();
    const before = await next(await lost.subscribe(queue));
    assert.equal(before.redelivered, false);
    lost.close();
    assert.equal(await lost.closed, undefined);
    await using client = await connect();
    const subscription = await client.subscribe(queue);
    const one = await next(subscription);
    assert.deepEqual([text(one), one.redelivered], ["one", true]);
    assert.equal(text(await next(subscription)), "two");
  });

  test("ACK in mode client-individual confirms one message", async () => {
    const queue = newQueue();
    await fill(queue, "one", "two", "three");
    const client = await connect();
    const subscription = await client.subscribe(queue);
    await next(subscription);
    const two = await next(subscription);
    await two.ack({ receipt: true });
    await client.disconnect();
    assert.deepEqual(await drain(queue), ["one", "three"]);
  });

  test("ACK in mode client confirms all messages up to one", async () => {
    const queue = newQueue();
    await fill(queue, "one", "two", "three");
    const client = await connect();
    const subscription = await client.subscribe(queue, { ack: "client" });
    await next(subscription);
    const two = await next(subscription);
    await two.ack({ receipt: true });
    await client.disconnect();
    assert.deepEqual(await drain(queue), ["three"]);
  });

  test("NACK gives a message back", async () => {
    const queue = newQueue();
    await fill(queue, "unwanted");
    await using client = await connect();
    const message = await next(await client.subscribe(queue, { prefetch: 1 }));
    await message.nack({ receipt: true });
    await client.disconnect();
    assert.deepEqual(await drain(broker.afterNack(queue)), ["unwanted"]);
  });

  test("UNSUBSCRIBE ends the subscription and leaves the rest in the queue", async () => {
    const queue = newQueue();
    await fill(queue, "one", "two");
    await using client = await connect();
    const subscription = await client.subscribe(queue, { prefetch: 1 });
    await (await next(subscription)).ack({ receipt: true });
    await subscription.unsubscribe();
    for await (const _ of subscription) assert.fail("it has ended");
    await client.disconnect();
    assert.deepEqual(await drain(queue), ["two"]);
  });

  test("a transaction takes effect as a whole or not at all", async () => {
    const queue = newQueue();
    await using client = await connect();
    const dropped = await client.begin();
    await dropped.send(queue, bytes("dropped"), { headers: PERSISTENT });
    await dropped.abort({ receipt: true });
    const kept = await client.begin();
    await kept.send(queue, bytes("one"), { headers: PERSISTENT });
    await kept.send(queue, bytes("two"), { headers: PERSISTENT });
    await kept.commit();
    // RabbitMQ confirms a COMMIT before its messages are in the queue.
    const subscription = await client.subscribe(queue, { ack: "auto" });
    assert.equal(text(await next(subscription)), "one");
    assert.equal(text(await next(subscription)), "two");
    await client.disconnect();
    assert.deepEqual(await drain(queue), []);
  });

  test("an acknowledgement in an aborted transaction is none", async () => {
    const queue = newQueue();
    await fill(queue, "one");
    const client = await connect();
    const message = await next(await client.subscribe(queue));
    const transaction = await client.begin();
    await transaction.ack(message);
    await transaction.abort({ receipt: true });
    await client.disconnect();
    assert.deepEqual(await drain(queue), ["one"]);
  });

  test("a client that reconnects loses nothing on cut connections", async () => {
    const port = broker.server().broker.stompPort;
    const sockets: Socket[] = [];
    await using client = new ReconnectingClient({
      ...broker.connect,
      dial: async (signal) => {
        const socket = await dial({ host: "127.0.0.1", port, signal });
        sockets.push(socket);
        return socket;
      },
      firstPauseMs: 1,
      maxPauseMs: 100,
    });
    const queue = newQueue();
    const expected = Array.from({ length: 30 }, (_, n) => `${n}`);
    const missing = new Set(expected);
    const { promise: all, resolve } = Promise.withResolvers<void>();
    client.consume(queue, (message) => {
      const isNew = missing.delete(text(message));
      if (missing.size === 0) resolve();
      // Before it is confirmed, so that it comes again.
      if (isNew && missing.size % 10 === 5) sockets.at(-1)?.close();
    });
    for (const n of expected) {
      await client.send(queue, bytes(n), { headers: PERSISTENT });
    }
    await inTime(all, "message that was confirmed");
    assert.ok(sockets.length > 1, "no connection was cut");
  });

  test("every subscriber of a topic gets the message", async () => {
    const topic = newQueue().replace("queue", "topic");
    await using one = await connect();
    await using two = await connect();
    const options = { ack: "auto", receipt: true } as const;
    const ofOne = await one.subscribe(topic, options);
    const ofTwo = await two.subscribe(topic, options);
    await one.send(topic, bytes("to all"), { receipt: true });
    assert.equal(text(await next(ofOne)), "to all");
    assert.equal(text(await next(ofTwo)), "to all");
  });

  test("heart-beats of both sides keep a silent connection alive", async () => {
    const plain = await dial({
      host: "127.0.0.1",
      port: broker.server().broker.stompPort,
    });
    // Its first heart-beat may take a broker two intervals.
    const { socket, quietChunks } = countQuiet(plain, 2);
    await using client = await StompClient.connect(socket, {
      ...broker.connect,
      heartBeat: { sendMs: 1000, receiveMs: 1000 },
    });
    const lost = client.closed.then((error) => {
      throw error;
    });
    await inTime(
      Promise.race([quietChunks, lost]),
      "heart-beats of the broker",
    );
    await client.send(newQueue(), bytes("still here"), { receipt: true });
  });

  test("the broker's words about a wrong password reach the caller", async () => {
    await assert.rejects(
      connect({ login: "guest", passcode: "wrong" }),
      (error) => {
        assert.ok(isSsmError(error, "STOMP_ERROR"));
        assert.match(error.message, broker.wrongPassword);
        return true;
      },
    );
  });

  test("a version that the broker does not speak is refused", async () => {
    const headers = { "accept-version": "9.9" };
    await assert.rejects(
      connect({ headers }),
      (error) => isSsmError(error, "STOMP_ERROR"),
    );
  });
}
