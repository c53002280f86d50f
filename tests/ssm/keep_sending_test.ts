import assert from "node:assert/strict";
import type { OutgoingSpool, SpoolEntry } from "../../lib/spool/mod.ts";
import {
  keepSending,
  type OutgoingCarrier,
  type Ssm1OutgoingCarrier,
} from "../../lib/ssm/mod.ts";
import { sharedServer, testWith } from "../helpers/parts.ts";
import { testPki } from "../helpers/test_pki.ts";
import { digestOnly, hastyClock, Ssm1Stage } from "./ssm1_stage.ts";
import { bytes, endpoint, Stage } from "./stage.ts";

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

/** A spool with one file that somebody looks into a few times, and then stops. */
function oneFile(
  stage: Stage,
  lock: () => SpoolEntry | undefined,
): OutgoingSpool {
  let looks = 0;
  return {
    list: () => {
      if (++looks === 10) stage.stop();
      return Promise.resolve(["a"]);
    },
    lock: () => Promise.resolve(lock()),
    tidy: () => Promise.resolve(),
  };
}

/** A file that can be sent, but not removed. */
function unremovable(): SpoolEntry {
  const done = () => Promise.resolve();
  return {
    name: "a",
    size: 1,
    read: () => Promise.resolve(bytes("a")),
    touch: done,
    remove: () => Promise.reject(new Error("read-only")),
    unlock: done,
    [Symbol.asyncDispose]: done,
  };
}

const STAYING: readonly [
  what: string,
  lock: () => SpoolEntry | undefined,
  outcome: { complaint: string; sent: number },
][] = [
  ["that another process holds", () => undefined, {
    complaint: "WARNING Message was locked. a will not be sent.",
    sent: 0,
  }],
  ["that cannot be removed", unremovable, {
    complaint:
      "ERROR Message a was sent but cannot be removed, so it will be sent again: read-only",
    sent: 1,
  }],
];

for (const [what, lock, outcome] of STAYING) {
  Deno.test(`keepSending() does not try a file ${what} at every look`, async () => {
    await using stage = await Stage.open();
    const { log, signal } = stage;
    const done = () => Promise.resolve();
    let sent = 0;
    const carrier: OutgoingCarrier = {
      open: done,
      send: () => {
        sent++;
        return done();
      },
      close: done,
      [Symbol.asyncDispose]: done,
    };
    await keepSending({
      spool: oneFile(stage, lock),
      envelope: digestOnly,
      carrier,
      log,
      signal,
      clock: hastyClock,
      checkEveryMs: 1,
    });
    assert.deepEqual({ complaints: stage.complaints, sent }, {
      complaints: [outcome.complaint],
      sent: outcome.sent,
    });
  });
}
