/**
 * What our producers did, and what foreign consumers have of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Outcome } from "../../../kit/programs/program.ts";
import type { Ours } from "./ours.ts";
import type { Peer } from "../../../peers/ssm1/peer.ts";
import { text } from "../../../kit/text.ts";

/** A run that must say and end as this. */
export function assertRun(
  run: Outcome,
  status: number,
  ...said: RegExp[]
): void {
  const all = run.stdout + run.stderr;
  assert.equal(run.status, status, all);
  for (const words of said) assert.match(all, words);
}

/** The contents that a foreign consumer has stored, as text. */
export async function storedBy(consumer: Peer): Promise<string[]> {
  return [...await consumer.files("incoming")]
    .flatMap(([name, body]) => name.endsWith(".sig") ? [] : [text(body)]);
}

/** The names of the files that still wait. */
export async function waiting(ours: Ours): Promise<string[]> {
  return [...(await ours.files("outgoing")).keys()];
}
