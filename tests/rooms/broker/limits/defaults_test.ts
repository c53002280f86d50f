import assert from "node:assert/strict";
import { completeLimits } from "../../../../lib/broker/limits/limits.ts";
import { deadLetterPolicy } from "../../../../lib/broker/queues/dead_letters.ts";
import { parseIni, readStompserverConfig } from "../../../../lib/config/mod.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { ManualClock } from "../../../kit/clocks.ts";

const { config } = readStompserverConfig(parseIni("", "nothing"));

Deno.test("a Broker has the limits of a configuration that says nothing", () => {
  const limits = completeLimits();
  assert.equal(limits.maxConnections, config.maxConnections);
  assert.equal(limits.maxSubscriptions, config.subscriptions);
  assert.equal(limits.prefetch, config.prefetch);
  // The program is for messages that were 100 MB before two base64 codings.
  assert.equal(2 * limits.frames.maxBodyBytes, config.maxMessageBytes);
  assert.deepEqual(deadLetterPolicy(undefined), {
    maxRedeliveries: config.maxRedeliveries,
    path: config.deadLetterQueue,
  });
  // A quarter of the memory is for topics.
  assert.equal(limits.maxAllTopicBytes, config.memoryBytes / 4);
});

Deno.test("a Broker has the heart-beats and the patience of a configuration that says nothing", async () => {
  const clock = new ManualClock();
  await using server = await TestBroker.start({ clock });
  const client = await server.dial();
  const heartBeat = { "heart-beat": "1,0" };
  client.send("CONNECT", { "accept-version": "1.2", host: "h", ...heartBeat });
  const { headers } = await client.expect("CONNECTED");
  const { heartBeatInMs, heartBeatOutMs, forgiveness } = config;
  assert.equal(
    headers.get("heart-beat"),
    `${heartBeatOutMs},${heartBeatInMs}`,
  );
  await client.pending();
  const patience = heartBeatInMs * forgiveness;
  clock.advance(patience - 1);
  assert.deepEqual(await client.pending(), []);
  clock.advance(patience);
  await client.rest();
  assert.match(
    server.log.join("\n"),
    new RegExp(`nothing came for ${patience} ms`),
  );
});
