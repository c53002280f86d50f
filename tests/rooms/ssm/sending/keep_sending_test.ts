import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import type {
  OutgoingSpool,
  SpoolEntry,
  SpoolWatch,
} from "../../../../lib/spool/mod.ts";
import {
  keepSending,
  type OutgoingCarrier,
  type Ssm1OutgoingCarrier,
} from "../../../../lib/ssm/mod.ts";
import { InstantClock } from "../../../kit/clocks.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { digestOnly, hastyClock, Ssm1Stage } from "../ssm1/ssm1_stage.ts";
import { endpoint, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";

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

/** What was asked of a carrier that confirms everything, in order. */
function notingCarrier(): OutgoingCarrier & { readonly asked: string[] } {
  const asked: string[] = [];
  const note = (what: string) => {
    asked.push(what);
    return Promise.resolve();
  };
  return {
    asked,
    open: () => note("open"),
    send: (id) => note(`send ${id}`),
    close: () => note("close"),
    [Symbol.asyncDispose]: () => note("close"),
  };
}

/** A spool of which each look finds what the next of these says. */
function seen(...looks: readonly string[][]): OutgoingSpool {
  let look = 0;
  const there = new Set<string>();
  return {
    list: () => {
      for (const name of looks[look++] ?? []) there.add(name);
      return Promise.resolve([...there]);
    },
    lock: (name) =>
      Promise.resolve({
        ...unremovable(),
        name,
        remove: () => {
          there.delete(name);
          return Promise.resolve();
        },
      }),
    tidy: () => Promise.resolve(),
  };
}

/** Tells of so many changes one after the other; then it stops the stage. */
function watchOf(stage: Stage, changes: number): SpoolWatch {
  return {
    changed: () => {
      if (changes-- === 0) stage.stop();
      return Promise.resolve();
    },
    [Symbol.dispose]: () => {},
  };
}

Deno.test("keepSending() sends at once what it is told of", async () => {
  await using stage = await Stage.open();
  const { log, signal } = stage;
  const carrier = notingCarrier();
  let now = 0;
  await keepSending({
    spool: seen([], ["a"], [], ["b", "c"]),
    envelope: digestOnly,
    carrier,
    log,
    signal,
    clock: {
      now: () => now += 1000,
      date: () => new Date(),
      // It is never time to look.
      after: () => () => {},
    },
    checkEveryMs: 10_000,
    watch: watchOf(stage, 3),
  });
  assert.deepEqual(carrier.asked, [
    "open",
    "send a",
    "open",
    "send b",
    "send c",
  ]);
});

Deno.test("keepSending() lets a connection go that nothing is sent on, and makes it again", async () => {
  await using stage = await Stage.open();
  const { log, signal } = stage;
  const carrier = notingCarrier();
  const nothing = Array<string[]>(9).fill([]);
  let changes = 0;
  await keepSending({
    spool: seen([], ["a"], ...nothing, ["b"]),
    envelope: digestOnly,
    carrier,
    log,
    signal,
    clock: new InstantClock(),
    checkEveryMs: 10_000,
    maxIdleMs: 60_000,
    watch: {
      // Nobody tells of anything: only time passes.
      changed: (over) => {
        if (++changes === 14) stage.stop();
        return new Promise((resolve) =>
          over.addEventListener("abort", () => resolve())
        );
      },
      [Symbol.dispose]: () => {},
    },
  });
  assert.deepEqual(carrier.asked, [
    "open",
    "send a",
    "close",
    "open",
    "send b",
  ]);
});

Deno.test("keepSending() says once of what it cannot look into, and sends the rest", async () => {
  await using stage = await Stage.open();
  const { log, signal } = stage;
  const carrier = notingCarrier();
  const spool = seen([], ["a"], [], ["b"]);
  await keepSending({
    spool: {
      ...spool,
      list: (observer) => {
        const hint = "ask its owner";
        observer?.unreadable(new SsmError("SPOOL", "Cannot list x", { hint }));
        return spool.list();
      },
    },
    envelope: digestOnly,
    carrier,
    log,
    signal,
    clock: hastyClock,
    checkEveryMs: 10_000,
    watch: watchOf(stage, 4),
  });
  assert.deepEqual(stage.complaints, [
    "ERROR Messages stay in outgoing: Cannot list x",
    "ERROR Hint: ask its owner",
  ]);
  assert.ok(carrier.asked.includes("send b"));
});
