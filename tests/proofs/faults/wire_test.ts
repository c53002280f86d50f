/**
 * Connections that fail at any byte, under a real sender, broker and receiver.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Endpoint } from "../../../lib/stomp/mod.ts";
import {
  type StompConnectOptions,
  systemClock,
} from "../../../lib/stomp/mod.ts";
import { TestBroker } from "../../kit/net/test_broker.ts";
import { Wire, type WireFault } from "../../kit/net/faulty_wire.ts";
import { RunningReceiver } from "../../kit/receiving.ts";
import { endpoint, QUEUE, Stage } from "../../kit/stage.ts";
import { bytes } from "../../kit/text.ts";

/** Of one piece, of several packets, and of the size of a frame's headers. */
const BODIES: readonly string[] = ["record", "x".repeat(100_000), "last"];

/** Sent last. */
const END = "the end";

/** How many heart-beats there are is a matter of chance, and would be counted. */
const PATIENT: StompConnectOptions = {
  heartBeat: { sendMs: 0, receiveMs: 0 },
};

const FAST_HEART_BEAT = { sendMs: 500, receiveMs: 500 };

/** A black hole is found out by silence alone: so that it does not take long. */
const IMPATIENT: StompConnectOptions = {
  heartBeat: FAST_HEART_BEAT,
  connectTimeoutMs: 2000,
  receiptTimeoutMs: 2000,
};

/** The side whose connection fails. */
type Side = "sender" | "receiver";

/** Sends all bodies and receives them, with a fault on the first connection of one side. */
async function send(side: Side, fault?: WireFault): Promise<Wire["passed"]> {
  const isSilent = fault?.how === "black hole";
  const options = isSilent ? IMPATIENT : PATIENT;
  await using stage = await Stage.open();
  await using broker = await TestBroker.start({
    heartBeat: FAST_HEART_BEAT,
    ...(isSilent && { limits: { connectDeadlineMs: 2000 } }),
  });
  await using wire = Wire.start(broker.port, {
    fault: (connection) => connection === 0 ? fault : undefined,
  });
  const faulty = [endpoint(wire.port, options)];
  const sound = [endpoint(broker.port, options)];
  const patient = endpoint(broker.port, PATIENT);
  await stage.put(...BODIES);
  await using receiver = await RunningReceiver.start(
    stage,
    side === "receiver" ? faulty : sound,
  );
  const { sent, failed } = await stage.send(
    side === "sender" ? faulty : sound,
    { window: 2, clock: systemClock },
  );
  assert.deepEqual({ sent, failed }, { sent: BODIES.length, failed: 0 });
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
  await drain(receiver, patient);
  // A stop in the right moment loses an acknowledgement for good: the next
  // receiver gets that message again, and knows it.
  await using next = await RunningReceiver.start(stage, [patient]);
  await drain(next, patient);
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ body }) => body), [...BODIES, END, END]);
  assert.equal(broker.broker.stats().queued, 0);
  // An impatient side may have left before it came to that.
  if (fault && !isSilent) assert.equal(wire.faults, 1, "nothing went wrong");
  return wire.passed;
}

/** Stops a receiver once it has filed all that waits, and what comes a second time. */
async function drain(
  receiver: RunningReceiver,
  broker: Endpoint,
): Promise<void> {
  const id = crypto.randomUUID();
  await using client = await broker.connect(receiver.signal);
  // It is delivered after everything that is there already.
  await client.send(QUEUE, bytes(END), {
    headers: { "empa-id": id },
    receipt: true,
  });
  for (let seen = 0;; seen++) {
    await receiver.until(seen + 1);
    if (receiver.filed[seen]!.id === id) break;
  }
  await receiver.stop();
}

/**
 * So many places on a connection, in the frames and between. The last bytes are
 * left out: how many there are is not quite the same each time.
 */
function places(total: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, index) => 1 + Math.floor(0.95 * total * index / (count - 1)),
  );
}

/** How many places of each fault are tried. */
const FAULTS = [["cut", 16], ["half-close", 8], ["black hole", 6]] as const;

for (const side of ["sender", "receiver"] as const) {
  for (const direction of ["up", "down"] as const) {
    const way = direction === "up" ? "to" : "from";
    Deno.test(`nothing is lost or doubled by a cut, a half-close or a black hole anywhere ${way} the broker, at the ${side}`, async () => {
      const { [direction]: total } = await send(side);
      const faults = FAULTS.flatMap(([how, count]) =>
        places(total, count).map((after) => ({ direction, after, how }))
      );
      await Promise.all(faults.map(async (fault) => {
        try {
          await send(side, fault);
        } catch (cause) {
          const { how, after } = fault;
          throw new Error(`A ${how} after ${after} bytes`, { cause });
        }
      }));
    });
  }
}
