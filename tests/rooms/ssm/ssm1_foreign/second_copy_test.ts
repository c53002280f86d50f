import assert from "node:assert/strict";
import { Logger } from "../../../../lib/log/logger.ts";
import { Ssm1IncomingCarrier } from "../../../../lib/ssm/mod.ts";
import { contentDigest } from "../../../../lib/spool/mod.ts";
import { systemClock } from "../../../../lib/stomp/mod.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { endpoint } from "../../../kit/stage.ts";
import { md5 } from "./stage.ts";

const DESTINATION = "/queue/accounting";

Deno.test("Ssm1IncomingCarrier forgets nothing as long as what came before is being opened: it may be a second copy", async () => {
  await using server = await TestBroker.start();
  const producer = await server.connect();
  const say = (type: string, id: string, reack?: string) =>
    producer.confirmed("SEND", {
      destination: DESTINATION,
      "ssm-msg-type": type,
      "ssm-msg-id": id,
      "ssm-reack": reack,
    }, "content");
  const happened: string[] = [];
  const carrier = new Ssm1IncomingCarrier({
    endpoints: [endpoint(server.port)],
    destination: DESTINATION,
    certificates: () => [],
    received: {
      digestOf: contentDigest,
      forget: (digest) => Promise.resolve(happened.push(`forgot ${digest}`)),
    },
    log: new Logger("test", []),
    clock: systemClock,
  });
  const stop = new AbortController();
  const deliveries = carrier.deliveries(stop.signal)[Symbol.asyncIterator]();
  await say("msg", "copy");
  const copy = await deliveries.next();
  assert.ok(!copy.done);
  const next = deliveries.next();
  await say("ping", "ping", md5("content"));
  await say("msg", "new");
  // The consumer has been sent all of it, and nothing keeps it but the copy.
  assert.deepEqual(await producer.pending(), []);
  happened.push("filed copy");
  const { body } = copy.value;
  const signer = "/CN=producer";
  const opened = { status: "accepted", payload: body, signer } as const;
  await copy.value.ack(opened);
  const last = await next;
  assert.ok(!last.done);
  assert.equal(last.value.id, "new");
  assert.deepEqual(happened, ["filed copy", `forgot ${md5("content")}`]);
  await last.value.ack(opened);
  stop.abort("the test is over");
  assert.equal((await deliveries.next()).done, true);
});
