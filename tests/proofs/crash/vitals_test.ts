import assert from "node:assert/strict";
import { hasGrown, VitalSigns } from "./vitals.ts";

Deno.test("VitalSigns.summary compares the second quarter with the last", () => {
  const signs = new VitalSigns();
  for (const mb of [10, 90, 50, 51, 52, 53, 60, 61, 70, 99, 72, 71]) {
    signs.add({ mb, files: 5 });
  }
  signs.add(undefined);
  assert.deepEqual(signs.summary, {
    start: { mb: 10, files: 5 },
    warm: { mb: 52, files: 5 },
    end: { mb: 72, files: 5 },
  });
});

Deno.test("hasGrown() forgives a third and 16 MB, and four files", () => {
  const warm = { mb: 90, files: 20 };
  assert.equal(hasGrown(warm, { mb: 136, files: 24 }), false);
  assert.equal(hasGrown(warm, { mb: 137, files: 20 }), true);
  assert.equal(hasGrown(warm, { mb: 90, files: 25 }), true);
});
