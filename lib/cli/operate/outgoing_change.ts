/**
 * `ssm outgoing unlock` and `remove`: what they do with what is chosen.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { silentLogger } from "../../log/mod.ts";
import { type KnownSender, sendersOf } from "../../spool/mod.ts";
import type { CommandContext, OptionValues } from "../command/command.ts";
import { EXIT } from "../command/terminal.ts";
import { unlockFault } from "../views/locks.ts";
import { type Failure, printJson, tellFailures } from "../views/outcome.ts";
import type { OutgoingStore } from "../wiring/outgoing.ts";
import { chosenIn } from "./outgoing_choice.ts";
import { assertChosen, selectionOf } from "./selection.ts";

/** Takes locks away; the exit status. */
export async function unlockFiles(
  store: OutgoingStore,
  values: OptionValues,
  { terminal }: CommandContext,
): Promise<number> {
  const selection = selectionOf(values);
  assertChosen("outgoing unlock", selection);
  const senders = sendersOf(store.path);
  const unlocked: { id: string; holder: KnownSender | undefined }[] = [];
  const failed: Failure[] = [];
  for await (const entry of chosenIn(store, selection)) {
    const { id, locked } = entry;
    if (locked === undefined) continue;
    const { fault, holder, words } = unlockFault(locked, senders, {
      maxLockMs: store.maxLockMs,
      insists: values["yes"] === true,
    });
    if (fault !== undefined) failed.push({ id, reason: fault });
    else if (await store.waiting.unlock(entry)) {
      unlocked.push({ id, holder });
      if (values["json"] !== true) terminal.out(`unlocked ${id}: ${words}`);
    }
  }
  if (values["json"] === true) {
    printJson(terminal, {
      unlocked: unlocked.map(({ id, holder }) => ({
        id,
        holder: holder ? { pid: holder.pid, host: holder.host } : null,
      })),
      failed,
    });
  } else {
    tellFailures(terminal, failed);
    if (unlocked.length + failed.length === 0) {
      terminal.out("Nothing of it is locked");
    }
  }
  return failed.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Deletes files; the exit status. */
export async function removeFiles(
  store: OutgoingStore,
  values: OptionValues,
  { terminal }: CommandContext,
): Promise<number> {
  const selection = selectionOf(values);
  assertChosen("outgoing remove", selection);
  const chosen: string[] = [];
  for await (const { id } of chosenIn(store, selection)) chosen.push(id);
  if (values["yes"] !== true) {
    throw new SsmError(
      "USAGE",
      `${chosen.length} of the files in outgoing would be deleted`,
      { hint: "say it with --yes" },
    );
  }
  const spool = store.spool(silentLogger());
  const removed: string[] = [];
  const failed: Failure[] = [];
  for (const id of chosen) {
    await using element = await spool.lock(id);
    if (!element) {
      failed.push({ id, reason: "it is locked, or is not there any more" });
      continue;
    }
    await element.remove();
    removed.push(id);
  }
  if (values["json"] === true) {
    printJson(terminal, { removed, failed });
  } else {
    for (const id of removed) terminal.out(`removed  ${id}`);
    tellFailures(terminal, failed);
  }
  return failed.length === 0 ? EXIT.ok : EXIT.failure;
}
