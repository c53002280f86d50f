/**
 * The marks of a message's stay at the embedded broker.
 *
 * @module
 */
import { SqliteStore } from "../../../../lib/broker/mod.ts";
import { after, before } from "./patch.ts";
import type { Reaper } from "../reaper.ts";
import { commands, markFrames } from "./wire_marks.ts";

/** In the order of the walk. */
export const BROKER_MARKS = [
  "before append",
  "after append",
  "before RECEIPT",
  "amid RECEIPT",
  "after RECEIPT",
  "before MESSAGE",
  "amid MESSAGE",
  "after MESSAGE",
  "before forgetting",
  "after forgetting",
] as const;

/** Tells the reaper of them. */
export function markBroker(reaper: Reaper): void {
  const store = SqliteStore.prototype;
  before(store, "apply", (changes) => {
    for (const kind of kindsOf(changes)) reaper.reach(`before ${kind}`);
  });
  after(store, "apply", (_result, _self, changes) => {
    for (const kind of kindsOf(changes)) reaper.reach(`after ${kind}`);
  });
  markFrames(reaper, commands("RECEIPT", "MESSAGE"));
}

function kindsOf(changes: unknown): string[] {
  return (changes as readonly { kind: string }[]).map(({ kind }) =>
    kind === "remove" ? "forgetting" : kind
  );
}
