import assert from "node:assert/strict";
import { keepSending, type Ssm1OutgoingCarrier } from "../../lib/ssm/mod.ts";
import { sharedServer, testWith } from "../helpers/parts.ts";
import { testPki } from "../helpers/test_pki.ts";
import { digestOnly, hastyClock, Ssm1Stage } from "./ssm1_stage.ts";
import { endpoint } from "./stage.ts";

const PARTS = ["openssl"] as const;
const pki = sharedServer(PARTS, testPki);
/** With waits that take no time. */
function sendForEver(
  site: Ssm1Stage,
  carrier: Ssm1OutgoingCarrier,
): Promise<void> {
  const { log, signal } = site.stage;
  return keepSending({
    spool: site.spool(),
    envelope: digestOnly,
    carrier,
    log,
    signal,
    clock: hastyClock,
    checkEveryMs: 10,
  });
}

const CONSUMER = "/C=UK/O=Test/CN=server.example.org";

testWith(
  PARTS,
  "keepSending() does not let one bad message hold up the others",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ a: "bad", b: "good" });
    const consumer = await site.consumer();
    const carrier = site.producer(CONSUMER);
    const sending = sendForEver(site, carrier);
    await consumer.certify(pki().server);
    consumer.answer(await consumer.expect("msg"), "ack", "REJECTED");
    await consumer.take();
    // What comes now is sent before the bad one is tried again.
    await site.put({ z: "late" });
    const next = await consumer.take();
    assert.equal(next.headers.get("ssm-msg-id"), "z");
    site.stage.stop();
    await sending;
    await carrier.close();
    const left = await site.left();
    assert.ok(left.includes("a") && !left.includes("b"), `${left}`);
  },
);

testWith(
  PARTS,
  "keepSending() goes on when no broker can be reached",
  async () => {
    await using site = await Ssm1Stage.open();
    await site.put({ a: "content" });
    let attempts = 0;
    const direct = endpoint(site.broker.port);
    const carrier = site.producer(CONSUMER, {
      endpoints: [{
        name: direct.name,
        connect: async (signal) => {
          if (++attempts < 3) throw new Error("nobody there");
          return await direct.connect(signal);
        },
      }],
    });
    const consumer = await site.consumer();
    const sending = sendForEver(site, carrier);
    await consumer.certify(pki().server);
    await consumer.take();
    await site.put({ more: "to see the one before removed" });
    await consumer.take();
    site.stage.stop();
    await sending;
    await carrier.close();
    assert.equal(attempts, 3);
    assert.ok(!(await site.left()).includes("a"));
  },
);
