import assert from "node:assert/strict";
import { inLastHour } from "../../../../lib/cli/state/run_state.ts";
import { Tally } from "../../../../lib/cli/state/tally.ts";
import { ManualClock } from "../../../kit/clocks.ts";

function tally(role: "sender" | "ssm1" = "sender") {
  const clock = new ManualClock();
  let changes = 0;
  const made = new Tally({ role, clock, onChange: () => void changes++ });
  return { clock, tally: made, changes: () => changes };
}

Deno.test("Tally counts in all, and by the minutes of the last hour", () => {
  const { clock, tally: counting, changes } = tally();
  counting.sent("a");
  clock.advance(61_000);
  counting.sent("b");
  counting.sent("c");
  const count = counting.state.counts.sent!;
  assert.deepEqual(count, {
    total: 3,
    last: "1970-01-01T00:01:01.000Z",
    minutes: [[0, 1], [1, 2]],
  });
  assert.equal(changes(), 3);
  assert.equal(inLastHour(count, new Date(59 * 60_000)), 3);
  // The first minute is over for an hour, whether it was written anew or not.
  assert.equal(inLastHour(count, new Date(60 * 60_000)), 2);
  clock.advance(60 * 60_000);
  const later = counting.state.counts.sent!;
  assert.deepEqual([later.total, later.minutes], [3, []]);
  assert.deepEqual(Object.keys(counting.state.counts), ["sent", "failed"]);
});

Deno.test("Tally keeps no more minutes than an hour has", () => {
  const { clock, tally: counting } = tally();
  for (let minute = 0; minute < 1000; minute++) {
    counting.sent("a");
    clock.advance(60_000);
  }
  const { total, minutes } = counting.state.counts.sent!;
  assert.equal(total, 1000);
  assert.deepEqual([minutes.length, minutes[0]], [59, [941, 1]]);
});

Deno.test("Tally names what could not be sent, until it is sent, and the latest of very many", () => {
  const { tally: counting } = tally();
  counting.notSent("a", "too large");
  counting.notSent("b", "x".repeat(1000));
  counting.sent("a");
  const [b, ...others] = counting.state.unsent;
  assert.deepEqual([b!.id, b!.reason.length, others], ["b", 501, []]);
  for (let i = 0; i < 200; i++) counting.notSent(`${i}`, "why");
  assert.equal(counting.state.unsent.length, 100);
  assert.equal(counting.state.unsent.at(-1)!.id, "199");
  assert.equal(counting.state.counts.failed!.total, 202);
});

Deno.test("Tally knows the last error of the log, with its hint, and nothing milder", () => {
  const { tally: counting } = tally();
  const say = (level: "ERROR" | "WARNING", message: string) =>
    counting.hear({ time: new Date(0), name: "ssm", level, message });
  say("WARNING", "a warning");
  const error = () => counting.state.last_error;
  assert.equal(error(), null);
  say("ERROR", "first");
  say("ERROR", "second");
  say("ERROR", "Hint: do something");
  assert.deepEqual(error(), {
    time: "1970-01-01T00:00:00.000Z",
    text: "second",
    hint: "do something",
  });
  say("ERROR", "third");
  assert.equal(error()!.hint, null);
});

Deno.test("Tally tells one of several connections apart from the others", () => {
  const { clock, tally: counting } = tally("ssm1");
  const [producer, consumer] = [counting.connection(), counting.connection()];
  producer("a:1");
  clock.advance(1000);
  consumer("b:2");
  producer(undefined);
  const { connected_to, connected_since } = counting.state;
  assert.deepEqual([connected_to, connected_since], [
    "b:2",
    "1970-01-01T00:00:01.000Z",
  ]);
  consumer(undefined);
  assert.equal(counting.state.connected_to, null);
});
