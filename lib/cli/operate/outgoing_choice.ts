/**
 * The files of outgoing that a command is for.
 *
 * @module
 */
import { quoted, SsmError } from "../../errors.ts";
import type { WaitingEntry } from "../../spool/mod.ts";
import type { OutgoingStore } from "../wiring/outgoing.ts";
import type { OptionValues } from "../command/command.ts";
import {
  assertChosen,
  isChosen,
  type Selection,
  selectionOf,
} from "./selection.ts";
import { timeNow } from "../views/table.ts";

/** What is chosen to be changed, all of it before the first is touched. */
export async function choose(
  store: OutgoingStore,
  command: string,
  values: OptionValues,
): Promise<WaitingEntry[]> {
  const selection = selectionOf(values);
  assertChosen(command, selection);
  return await Array.fromAsync(chosenIn(store, selection));
}

/** What is chosen, as of now. @throws {SsmError} `SPOOL` when a file is not there */
export async function* chosenIn(
  store: OutgoingStore,
  selection: Selection,
): AsyncGenerator<WaitingEntry> {
  const now = timeNow();
  const entries = selection.ids.length > 0
    ? selection.ids.map((id) => theEntry(store, id))
    : store.waiting.entries();
  for await (const entry of entries) {
    if (isChosen(entry, selection, now)) yield entry;
  }
}

/** @throws {SsmError} `SPOOL` when there is no such file */
export async function theEntry(
  { waiting }: OutgoingStore,
  id: string,
): Promise<WaitingEntry> {
  const entry = await waiting.entry(id);
  if (entry) return entry;
  throw new SsmError(
    "SPOOL",
    `Cannot find ${quoted(id)}: it is not in outgoing`,
    { hint: "see: ssm outgoing list --all" },
  );
}
