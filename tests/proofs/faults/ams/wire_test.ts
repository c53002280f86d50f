/**
 * Connections to AMS that fail at any byte, under a whole sender and a whole receiver.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type Direction,
  Wire,
  type WireFault,
} from "../../../kit/net/faulty_wire.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { RunningReceiver } from "../../../kit/receiving.ts";
import { Stage } from "../../../kit/stage.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { FaultLayer } from "./fault_layer.ts";

/** Of one piece, and of many packets. */
const BODIES = ["record", "x".repeat(100_000), "last"];

const pki = sharedServer(["openssl"], testPki);

type Side = "sender" | "receiver";

/** Sends and receives, with a fault on the first connection of one side; how many bytes that side moved. */
async function walk(side: Side, fault?: WireFault): Promise<Wire["passed"]> {
  await using layer = await FaultLayer.start(pki());
  await using wire = Wire.start(layer.port, {
    fault: (connection) => connection === 0 ? fault : undefined,
  });
  await using stage = await Stage.open();
  await stage.put(...BODIES);
  const faulty = { port: wire.port };
  const { sent, failed } = await stage.send(
    layer.outgoing(side === "sender" ? faulty : {}),
    { window: 2 },
  );
  assert.deepEqual([sent, failed], [BODIES.length, 0]);
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
  await using receiver = await RunningReceiver.start(
    stage,
    layer.incoming(side === "receiver" ? faulty : {}),
  );
  await layer.emptied();
  const passed = { ...wire.passed };
  await receiver.stop();
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ body }) => body).sort(), BODIES.toSorted());
  assert.deepEqual(await stage.delivered("reject"), []);
  if (fault) assert.equal(wire.faults, 1, "nothing went wrong");
  return passed;
}

/** So many places, from the handshake on. How much there is in all is not quite the same each time. */
function places(total: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, index) => 1 + Math.floor(0.8 * total * index / (count - 1)),
  );
}

/** How many places of each fault are tried. */
const FAULTS = [["cut", 20], ["black hole", 8]] as const;

for (const side of ["sender", "receiver"] as const) {
  for (const direction of ["up", "down"] as const satisfies Direction[]) {
    const way = direction === "up" ? "to" : "from";
    testWith(
      ["openssl"],
      `AMS: nothing is lost or doubled by a cut or a black hole anywhere ${way} the service, at the ${side}`,
      async () => {
        const { [direction]: total } = await walk(side);
        const faults = FAULTS.flatMap(([how, count]) =>
          places(total, count).map((after) => ({ direction, after, how }))
        );
        await Promise.all(faults.map(async (fault) => {
          try {
            await walk(side, fault);
          } catch (cause) {
            const { how, after } = fault;
            throw new Error(`A ${how} after ${after} of ${total} bytes`, {
              cause,
            });
          }
        }));
      },
    );
  }
}
