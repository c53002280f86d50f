/**
 * A broker whose receipts come late, twice, in any order, for what nobody sent.
 *
 * @module
 */
import assert from "node:assert/strict";
import { systemClock } from "../../../lib/stomp/mod.ts";
import { sayGoodbye, ScriptedBroker } from "../../kit/net/scripted_broker.ts";
import { endpoint, report, Stage } from "../../kit/stage.ts";
import type { Peer } from "../../kit/net/scripted_peer.ts";

const WINDOW = 8;
const COUNT = 64;

/** A different order each time, but the same ones in each run. */
function shuffled<T>(values: readonly T[], seed: number): T[] {
  let state = seed;
  const keyed = values.map((value) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return { value, key: state };
  });
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
}

async function confirm(peer: Peer, id: string): Promise<void> {
  await peer.send(`RECEIPT\nreceipt-id:${id}\n\n\0`);
}

Deno.test("sendAll() sends and removes each message once, whatever the receipts do", async () => {
  await using stage = await Stage.open();
  const names = await stage.put(
    ...Array.from({ length: COUNT }, (_, index) => `record ${index}`),
  );
  const sent: string[] = [];
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    for (let round = 0; sent.length < COUNT; round++) {
      const ids: string[] = [];
      while (ids.length < WINDOW) {
        ids.push((await peer.expect("SEND"))["receipt"]!);
      }
      sent.push(...ids);
      await confirm(peer, "nobody's");
      // What is to be sent yet, and what was confirmed long ago.
      await confirm(peer, names.at(-1)!);
      await confirm(peer, names[0]!);
      for (const id of shuffled([...ids, ...ids], round)) {
        await confirm(peer, id);
      }
    }
    await sayGoodbye(peer);
  });
  const outcome = await stage.send([broker.endpoint], { window: WINDOW });
  assert.deepEqual(outcome, report({ found: COUNT, sent: COUNT }));
  assert.deepEqual(sent, names);
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
});

Deno.test("sendAll() sends again on a new connection what was confirmed too late, under the same name", async () => {
  await using stage = await Stage.open();
  const [name] = await stage.put("record");
  const gone = Promise.withResolvers<void>();
  const sent: string[] = [];
  await using broker = await ScriptedBroker.start(
    async (peer) => {
      await peer.welcome();
      sent.push((await peer.expect("SEND"))["empa-id"]!);
      // The sender does not wait any longer, and the receipt finds nobody.
      await peer.expectEnd();
      await confirm(peer, name!).catch(() => {});
      gone.resolve();
    },
    async (peer) => {
      await peer.welcome();
      sent.push((await peer.expect("SEND"))["empa-id"]!);
      await gone.promise;
      await confirm(peer, name!);
      await sayGoodbye(peer);
    },
  );
  const outcome = await stage.send(
    [endpoint(broker.port, { receiptTimeoutMs: 500 })],
    { clock: systemClock },
  );
  assert.deepEqual(outcome, report({ found: 1, sent: 1 }));
  assert.deepEqual(sent, [name, name]);
});
