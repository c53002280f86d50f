import assert from "node:assert/strict";
import { LivenessWatch } from "../../../../lib/stomp/connection/liveness.ts";
import { ManualClock } from "../../../kit/clocks.ts";

/** A watch and what it did, by the time it did it. */
function watch({ writeTimeoutMs = 0 } = {}) {
  const clock = new ManualClock();
  const done: [number, string][] = [];
  const watch: LivenessWatch = new LivenessWatch(clock, {
    sendHeartBeat() {
      done.push([clock.now(), "heart-beat"]);
      watch.queued(1);
      watch.sent(1);
    },
    giveUp: (why) => done.push([clock.now(), why]),
  }, writeTimeoutMs);
  return { clock, watch, done };
}

Deno.test("LivenessWatch sends heart-beats a quarter early while nothing else is sent", () => {
  const { clock, watch: one, done } = watch();
  one.startHeartBeats({ sendMs: 1000, receiveMs: 0 }, 2);
  clock.advance(2250);
  assert.deepEqual(done.map(([at]) => at), [750, 1500, 2250]);
});

Deno.test("LivenessWatch counts whatever is sent as a heart-beat", () => {
  const { clock, watch: one, done } = watch();
  one.startHeartBeats({ sendMs: 1000, receiveMs: 0 }, 2);
  clock.advance(700);
  one.queued(10);
  one.sent(10);
  clock.advance(749);
  assert.deepEqual(done, []);
  clock.advance(1);
  assert.deepEqual(done, [[1450, "heart-beat"]]);
});

Deno.test("LivenessWatch sends no heart-beat behind bytes that wait to be sent", () => {
  const { clock, watch: one, done } = watch();
  one.startHeartBeats({ sendMs: 1000, receiveMs: 0 }, 2);
  one.queued(10);
  clock.advance(5000);
  assert.deepEqual(done, []);
  one.sent(10);
  clock.advance(750);
  assert.equal(done.length, 1);
});

Deno.test("LivenessWatch gives up when nothing comes for the agreed time and the grace", () => {
  const { clock, watch: one, done } = watch();
  one.listening();
  one.startHeartBeats({ sendMs: 0, receiveMs: 1000 }, 2.5);
  clock.advance(2000);
  one.heard(1);
  one.listening();
  clock.advance(2499);
  assert.deepEqual(done, []);
  clock.advance(1);
  assert.deepEqual(done, [[4500, "nothing came for 2500 ms"]]);
});

Deno.test("LivenessWatch does not blame the peer for silence while nobody listens", () => {
  const { clock, watch: one, done } = watch();
  one.listening();
  one.startHeartBeats({ sendMs: 0, receiveMs: 1000 }, 2);
  one.heard(1);
  clock.advance(60_000);
  one.listening();
  clock.advance(1999);
  assert.deepEqual(done, []);
  clock.advance(1);
  assert.deepEqual(done, [[62_000, "nothing came for 2000 ms"]]);
});

Deno.test("LivenessWatch gives up when queued bytes do not move, not when they move slowly", () => {
  const { clock, watch: one, done } = watch({ writeTimeoutMs: 1000 });
  one.queued(10);
  for (let i = 0; i < 5; i++) {
    clock.advance(999);
    one.sent(1);
  }
  assert.deepEqual(done, []);
  clock.advance(1000);
  assert.deepEqual(done, [[5995, "the peer took nothing for 1000 ms"]]);
});

Deno.test("LivenessWatch forgets about progress once nothing is queued, and begins anew", () => {
  const { clock, watch: one, done } = watch({ writeTimeoutMs: 1000 });
  one.queued(10);
  one.sent(10);
  clock.advance(5000);
  one.queued(10);
  clock.advance(999);
  assert.deepEqual(done, []);
  clock.advance(1);
  assert.equal(done.length, 1);
});

Deno.test("LivenessWatch counts bytes", () => {
  const { watch: one } = watch();
  one.queued(7);
  one.queued(5);
  one.sent(7);
  one.heard(3);
  assert.equal(one.queuedBytes, 5);
  assert.deepEqual(one.traffic, { received: 3, sent: 7 });
});

Deno.test("LivenessWatch.stop() leaves no timer behind", () => {
  const { clock, watch: one } = watch({ writeTimeoutMs: 1000 });
  one.startHeartBeats({ sendMs: 1000, receiveMs: 1000 }, 2);
  one.queued(1);
  assert.equal(clock.timers, 3);
  one.stop();
  assert.equal(clock.timers, 0);
});

Deno.test("LivenessWatch.startHeartBeats() refuses a grace factor below 1", () => {
  const { watch: one } = watch();
  for (const graceFactor of [0.9, 0, NaN]) {
    assert.throws(
      () => one.startHeartBeats({ sendMs: 0, receiveMs: 0 }, graceFactor),
      RangeError,
    );
  }
});
