/**
 * The messages of reject that a command is for.
 *
 * @module
 */
import { quoted, SsmError } from "../../errors.ts";
import type { RejectedEntry, RejectedSpool } from "../../spool/mod.ts";
import type { OptionValues } from "../command/command.ts";
import {
  assertChosen,
  isChosen,
  type Selection,
  selectionOf,
} from "./selection.ts";
import { timeNow } from "../views/table.ts";

/** The ids of what is chosen, all of them before the first is touched. */
export async function choose(
  rejected: RejectedSpool,
  command: string,
  values: OptionValues,
): Promise<string[]> {
  const selection = selectionOf(values);
  assertChosen(command, selection);
  const ids: string[] = [];
  for await (const { id } of chosenIn(rejected, selection)) ids.push(id);
  return ids;
}

/** What is chosen, as of now. @throws {SsmError} `SPOOL` when a message is not there */
export async function* chosenIn(
  rejected: RejectedSpool,
  selection: Selection,
): AsyncGenerator<RejectedEntry> {
  const now = timeNow();
  const entries = selection.ids.length > 0
    ? selection.ids.map((id) => theEntry(rejected, id))
    : rejected.entries();
  for await (const entry of entries) {
    if (isChosen(entry, selection, now)) yield entry;
  }
}

/** @throws {SsmError} `SPOOL` when there is no such message */
export function theEntry(rejected: RejectedSpool, id: string): RejectedEntry {
  const entry = rejected.entry(id);
  if (entry) return entry;
  throw new SsmError(
    "SPOOL",
    `Cannot find ${quoted(id)}: it is not in reject`,
    {
      hint: "see: ssm reject list --all",
    },
  );
}
