import assert from "node:assert/strict";
import { RefusalLog } from "../../../../lib/broker/session/refusal_log.ts";
import { Logger } from "../../../../lib/log/logger.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";

Deno.test("RefusalLog names a hundred a minute and counts the rest", () => {
  const lines: string[] = [];
  const clock = new ManualClock();
  const log = new RefusalLog(
    new Logger("broker", [({ message }) => lines.push(message)]),
    clock,
  );
  for (let client = 1; client <= 250; client++) {
    log.tell(`10.0.0.1:${client}`, "too many");
  }
  assert.equal(lines.length, 101);
  assert.equal(lines[99], "Refused 10.0.0.1:100: too many");
  assert.equal(
    lines[100],
    "Refused 100 times within a minute: more are only counted.",
  );
  clock.advance(60_000);
  log.tell("10.0.0.2:1", "too late");
  assert.deepEqual(lines.slice(101), [
    "Refused 150 times more, not named here.",
    "Refused 10.0.0.2:1: too late",
  ]);
});

Deno.test("RefusalLog says nothing of a minute in which all were named", () => {
  const lines: string[] = [];
  const clock = new ManualClock();
  const log = new RefusalLog(
    new Logger("broker", [({ message }) => lines.push(message)]),
    clock,
  );
  log.tell("a", "x");
  clock.advance(60_000);
  log.tell("b", "x");
  assert.deepEqual(lines, ["Refused a: x", "Refused b: x"]);
});

Deno.test("Broker does not fill its log with whom it refuses", async () => {
  await using broker = await TestBroker.start();
  for (let client = 0; client < 120; client++) {
    const stranger = await broker.dial();
    stranger.send("NONSENSE");
    await stranger.expect("ERROR");
    stranger.close();
  }
  const refused = broker.log.filter((line) => line.includes("Refused"));
  assert.equal(refused.length, 101);
});
