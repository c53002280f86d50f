import assert from "node:assert/strict";
import { Broker } from "../../../lib/broker/mod.ts";
import type { Socket } from "../../../lib/net/mod.ts";
import { StompClient } from "../../../lib/stomp/mod.ts";

/** One direction, which ends when either side does. */
function channel() {
  let end = () => {};
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => void (end = () => controller.terminate()),
  });
  return { readable, writable, end };
}

/** Two ends of a connection that is no network's. */
function pair(): [Socket, Socket] {
  const [up, down] = [channel(), channel()];
  const close = () => {
    up.end();
    down.end();
  };
  return [
    { readable: up.readable, writable: down.writable, remote: "a:1", close },
    { readable: down.readable, writable: up.writable, remote: "b:1", close },
  ];
}

Deno.test("Broker.serve() serves any Socket, a network's or not", async () => {
  await using broker = new Broker();
  const [outer, inner] = pair();
  const serving = broker.serve(outer);
  const client = await StompClient.connect(inner, { host: "localhost" });
  const messages = await client.subscribe("/queue/a", { receipt: true });
  await client.send("/queue/a", new Uint8Array([1, 2]), { receipt: true });
  for await (const message of messages) {
    assert.deepEqual([...message.body], [1, 2]);
    await message.ack();
    break;
  }
  await client.disconnect();
  await serving;
  const { connections, connectionsTotal, queued } = broker.stats();
  assert.deepEqual({ connections, connectionsTotal, queued }, {
    connections: 0,
    connectionsTotal: 1,
    queued: 0,
  });
});
