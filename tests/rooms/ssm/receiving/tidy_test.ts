import assert from "node:assert/strict";
import type { SignedSpool } from "../../../../lib/spool/mod.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { RunningReceiver } from "../../../kit/receiving.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";

Deno.test("receive() tidies at the start and every hour in which something comes", async () => {
  await using stage = await Stage.open();
  await using broker = await TestBroker.start();
  const clock = new ManualClock();
  let tidied = 0;
  const delivery = await stage.delivery("incoming");
  const incoming: SignedSpool = {
    doubt: (message) => delivery.doubt(message),
    prepare: (message) => delivery.prepare(message),
    tidy: () => {
      tidied++;
      return delivery.tidy();
    },
  };
  const receiver = await RunningReceiver.start(
    stage,
    [endpoint(broker.port)],
    { incoming, storeClock: clock },
  );
  await using sender = await endpoint(broker.port).connect(stage.signal);
  const counts: number[] = [];
  const waits = [0, 3_600_000 - 1, 1, 0];
  for (const [index, wait] of waits.entries()) {
    clock.advance(wait);
    await sender.send(QUEUE, bytes(`message ${index}`), {
      headers: { "empa-id": `${index}` },
    });
    await receiver.until(index + 1);
    counts.push(tidied);
  }
  await receiver.stop();
  assert.deepEqual(counts, [1, 1, 2, 2]);
});
