/**
 * The marks of a message's stay at the embedded broker.
 *
 * @module
 */
import { SqliteStore } from "../../../../lib/broker/mod.ts";
import { after, before } from "./patch.ts";
import type { OrderedDeath } from "../deaths/ordered_death.ts";
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

/** Reports each of them that the process comes to. */
export function markBroker(death: OrderedDeath): void {
  markStore(death);
  markFrames(death, commands("RECEIPT", "MESSAGE"));
}

/** Reports what becomes of messages on disk, before and after. */
export function markStore(death: OrderedDeath): void {
  const store = SqliteStore.prototype;
  before(store, "apply", (changes) => {
    for (const kind of kindsOf(changes)) death.reach(`before ${kind}`);
  });
  after(store, "apply", (_result, _self, changes) => {
    for (const kind of kindsOf(changes)) death.reach(`after ${kind}`);
  });
}

function kindsOf(changes: unknown): string[] {
  return (changes as readonly { kind: string }[]).map(({ kind }) =>
    kind === "remove" ? "forgetting" : kind
  );
}
