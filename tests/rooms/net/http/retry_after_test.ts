import assert from "node:assert/strict";
import { readRetryAfter } from "../../../../lib/net/http/retry_after.ts";

const NOW = new Date("2026-11-28T10:00:00Z");

for (
  const [text, ms] of [
    ["0", 0],
    ["7", 7000],
    [" 120 ", 120_000],
    ["3600", 3_600_000],
    ["86400", 3_600_000],
    ["9".repeat(400), 3_600_000],
    ["Sat, 28 Nov 2026 10:00:30 GMT", 30_000],
    ["Saturday, 28-Nov-26 10:00:30 GMT", 30_000],
    ["Sat Nov 28 10:00:30 2026 GMT", 30_000],
    ["Sat, 28 Nov 2026 09:00:00 GMT", 0],
    ["Sun, 29 Nov 2026 10:00:00 GMT", 3_600_000],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e9", undefined],
    ["", undefined],
    ["soon", undefined],
    ["2026-11-28", undefined],
  ] as const
) {
  Deno.test(`readRetryAfter() reads ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(readRetryAfter(text, NOW), ms);
  });
}
