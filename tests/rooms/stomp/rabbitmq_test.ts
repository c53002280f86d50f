import assert from "node:assert/strict";
import type { StompMessage } from "../../../lib/stomp/mod.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { startRabbitMq } from "../../peers/rabbitmq.ts";
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

const PARTS = ["openssl", "rabbitmq"] as const;

const server = sharedServer(
  PARTS,
  () => startWithTls((tls) => startRabbitMq({ tls })),
);

const RABBITMQ: BrokerUnderTest = {
  name: "RabbitMQ",
  parts: PARTS,
  server,
  // Its only virtual host is "/", and it takes that for the default.
  connect: { login: "guest", passcode: "guest", host: false },
  afterNack: (queue) => queue,
  wrongPassword: /Access refused for user 'guest'/,
};

runBrokerSuite(RABBITMQ);

testWith(
  PARTS,
  "RabbitMQ: an answer to a temporary queue reaches onUnhandled",
  async () => {
    const queue = newQueue();
    const answer = Promise.withResolvers<StompMessage>();
    await using asking = await connectTo(RABBITMQ, {
      onUnhandled: answer.resolve,
    });
    await using service = await connectTo(RABBITMQ);
    const questions = await service.subscribe(queue, { receipt: true });
    await asking.send(queue, bytes("what?"), {
      headers: { "reply-to": "/temp-queue/answers" },
    });
    const question = await next(questions);
    await service.send(question.headers.get("reply-to")!, bytes("this"));
    await question.ack({ receipt: true });
    const message = await inTime(answer.promise, "answer");
    assert.equal(text(message), "this");
    assert.equal(message.headers.get("subscription"), "/temp-queue/answers");
    await assert.rejects(message.ack(), TypeError);
  },
);
