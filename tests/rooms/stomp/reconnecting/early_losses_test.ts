import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import { EarlyLosses } from "../../../../lib/stomp/reconnecting/early_losses.ts";

const BROKEN = new SsmError("STOMP_PROTOCOL", "Cannot read MESSAGE frame");
const CUT = new SsmError("CONNECTION_LOST", "Lost connection");

/** Connections of so many messages that lasted so long; what was said after each. */
function alarms(
  connections: readonly [messages: number, lastedMs: number, why?: SsmError][],
): (string | undefined)[] {
  let now = 0;
  const losses = new EarlyLosses({
    destination: "/queue/a",
    prefetch: 3,
    clock: { now: () => now, date: () => new Date(), after: () => () => {} },
  });
  return connections.map(([messages, lastedMs, why = CUT]) => {
    losses.connected();
    for (let i = 0; i < messages; i++) losses.received(`m${i}`);
    now += lastedMs;
    return losses.lost(why);
  });
}

const NUMBERS = /^(\d+) connections in a row were lost/;

function counted(
  said: readonly (string | undefined)[],
): (string | undefined)[] {
  return said.map((words) => words && NUMBERS.exec(words)?.[1]);
}

Deno.test("EarlyLosses speaks up every fourth time in a row, with what to do", () => {
  const said = alarms(Array(9).fill([2, 100, BROKEN]));
  assert.deepEqual(counted(said), [
    ...[undefined, undefined, undefined, "4"],
    ...[undefined, undefined, undefined, "8", undefined],
  ]);
  assert.match(said[3]!, /\/queue\/a, the last because: Cannot read MESSAGE/);
  assert.match(said[3]!, /after the one with the message-id "m1"/);
  assert.match(said[3]!, /move the one that cannot be read/);
});

Deno.test("EarlyLosses counts only connections that ended within as many messages as come ahead", () => {
  const early: [number, number] = [3, 100];
  const said = alarms([early, early, early, [4, 100], early, early, early]);
  assert.deepEqual(counted(said), Array(7).fill(undefined));
});

Deno.test("EarlyLosses takes no idle connection that is cut for a sign, but one that breaks the protocol", () => {
  assert.deepEqual(
    counted(alarms(Array(4).fill([0, 60_000, CUT]))),
    Array(4).fill(undefined),
  );
  assert.equal(counted(alarms(Array(4).fill([0, 60_000, BROKEN])))[3], "4");
});
