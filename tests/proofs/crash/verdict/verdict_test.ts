import assert from "node:assert/strict";
import type { Arrival } from "../parties/consumer.ts";
import { judge } from "./verdict.ts";

const SENT = new Map([["a", "1"], ["b", "2"]]);
const NOTHING = {
  lost: [],
  doubled: [],
  changed: [],
  wronglySigned: [],
  strange: [],
};

function arrival(id: string, digest: string, signer = "/CN=x"): Arrival {
  return { id, digest, signer };
}

Deno.test("judge() has nothing to say of what arrived once, as it was", () => {
  const arrivals = [arrival("b", "2"), arrival("a", "1")];
  assert.deepEqual(judge(SENT, arrivals, "/CN=x"), NOTHING);
});

Deno.test("judge() names what is lost, doubled, changed, wrongly signed, and strange", () => {
  const cases = [
    [[arrival("a", "1")], { lost: ["b"] }],
    [[arrival("a", "1"), arrival("b", "2"), arrival("a", "1")], {
      doubled: ["a"],
    }],
    [[arrival("a", "1"), arrival("b", "1")], { changed: ["b"] }],
    [[arrival("a", "1"), arrival("b", "2", "/CN=y")], { wronglySigned: ["b"] }],
    [[arrival("a", "1"), arrival("b", "2"), arrival("c", "3")], {
      strange: ["c"],
    }],
  ] as const;
  for (const [arrivals, found] of cases) {
    assert.deepEqual(judge(SENT, arrivals, "/CN=x"), { ...NOTHING, ...found });
  }
});
