import assert from "node:assert/strict";
import { hasGrown, ResourceSamples } from "./resource_use.ts";

Deno.test("ResourceSamples.summary compares the second quarter with the last", () => {
  const samples = new ResourceSamples();
  for (const mb of [10, 90, 50, 51, 52, 53, 60, 61, 70, 99, 72, 71]) {
    samples.add({ mb, files: 5 });
  }
  samples.add(undefined);
  assert.deepEqual(samples.summary, {
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
