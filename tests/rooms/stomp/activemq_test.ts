import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { startActiveMq } from "../../peers/activemq.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { runBrokerSuite } from "./broker_suite.ts";
import {
  type BrokerUnderTest,
  connectTo,
  inTime,
  newQueue,
  next,
  startWithTls,
  text,
} from "./live_broker.ts";
import { bytes } from "../../kit/text.ts";

const PARTS = ["openssl", "activemq"] as const;

const server = sharedServer(
  PARTS,
  () =>
    startWithTls((tls) => startActiveMq({ tls, users: { guest: "right" } })),
);

const ACTIVEMQ: BrokerUnderTest = {
  name: "ActiveMQ",
  parts: PARTS,
  server,
  connect: { login: "guest", passcode: "right" },
  // A message given back has failed for good.
  afterNack: () => "/queue/ActiveMQ.DLQ",
  wrongPassword: /User name \[guest\] or password is invalid/,
};

runBrokerSuite(ACTIVEMQ);

testWith(
  PARTS,
  "ActiveMQ: a confirmed persistent message outlives kill -9",
  async () => {
    const { broker } = server();
    const queue = newQueue();
    const before = await connectTo(ACTIVEMQ);
    await before.send(queue, bytes("kept"), {
      headers: { persistent: "true" },
      receipt: true,
    });
    await broker.kill9();
    const lost = await inTime(before.closed, "word of the loss");
    assert.ok(isSsmError(lost, "CONNECTION_LOST"), String(lost));
    await broker.restart();
    await using after = await connectTo(ACTIVEMQ);
    assert.equal(text(await next(await after.subscribe(queue))), "kept");
  },
);
