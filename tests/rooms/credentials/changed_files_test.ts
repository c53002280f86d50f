import assert from "node:assert/strict";
import { Renewal } from "../../../lib/credentials/changed_files.ts";
import { Logger } from "../../../lib/log/logger.ts";
import { ManualClock } from "../../kit/clocks.ts";

const log = new Logger("test", []);
const AT_ONCE = { log, lookEveryMs: 0, quietMs: 0 };

Deno.test("Renewal.isDue() is true for a file of the same size that was rewritten at once", async () => {
  const path = await Deno.makeTempFile();
  try {
    Deno.writeTextFileSync(path, "0");
    const renewal = new Renewal([path], AT_ONCE);
    for (let round = 1; round <= 300; round++) {
      Deno.writeTextFileSync(path, `${round % 2}`);
      assert.ok(renewal.isDue(), `round ${round}`);
      assert.ok(!renewal.isDue(), `round ${round}, a second time`);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("Renewal.isDue() is true when others may get at a file, false when it was only touched", async () => {
  const path = await Deno.makeTempFile();
  try {
    const renewal = new Renewal([path], AT_ONCE);
    await Deno.utime(path, 1, 1);
    assert.ok(!renewal.isDue());
    await Deno.chmod(path, 0o644);
    assert.ok(renewal.isDue());
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("Renewal.isDue() is true when a file goes, and when it comes again", async () => {
  const path = await Deno.makeTempFile();
  const renewal = new Renewal([path], AT_ONCE);
  await Deno.remove(path);
  assert.ok(renewal.isDue());
  assert.ok(!renewal.isDue());
  await Deno.writeTextFile(path, "");
  try {
    assert.ok(renewal.isDue());
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("Renewal.isDue() looks no more often than it was told, by the clock it was given", async () => {
  const path = await Deno.makeTempFile();
  try {
    const clock = new ManualClock();
    const renewal = new Renewal([path], { ...AT_ONCE, clock, lookEveryMs: 10 });
    await Deno.writeTextFile(path, "new");
    clock.advance(9);
    assert.ok(!renewal.isDue());
    clock.advance(1);
    assert.ok(renewal.isDue());
  } finally {
    await Deno.remove(path);
  }
});
