/**
 * `ssm outgoing unlock` and `remove`: what they do with what is chosen.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { silentLogger } from "../../log/mod.ts";
import { sendersOf, type WaitingEntry } from "../../spool/mod.ts";
import type { CommandContext, OptionValues } from "../command/command.ts";
import { EXIT } from "../command/terminal.ts";
import { holderWords, unlockFault } from "../views/locks.ts";
import {
  printJson,
  tellFailures,
  tellRemoved,
  withEach,
} from "../views/outcome.ts";
import { waitingDocument } from "../views/outgoing_views.ts";
import type { OutgoingStore } from "../wiring/outgoing.ts";
import { choose } from "./outgoing_choice.ts";

/** Takes locks away; the exit status. */
export async function unlockFiles(
  store: OutgoingStore,
  values: OptionValues,
  { terminal }: CommandContext,
): Promise<number> {
  const json = values["json"] === true;
  const locked = new Map<string, WaitingEntry & { locked: number }>();
  for (const entry of await choose(store, "outgoing unlock", values)) {
    const { locked: since } = entry;
    if (since !== undefined) locked.set(entry.id, { ...entry, locked: since });
  }
  const senders = sendersOf(store.path);
  const { done, failed } = await withEach([...locked.keys()], async (id) => {
    const entry = locked.get(id)!;
    const { fault, words } = unlockFault(entry.locked, senders, {
      maxLockMs: store.maxLockMs,
      insists: values["yes"] === true,
    });
    if (fault !== undefined) return fault;
    if (!await store.waiting.unlock(entry)) return "its lock has changed";
    if (!json) terminal.out(`unlocked ${id}: ${words}`);
    return undefined;
  });
  if (json) {
    const unlocked = done.map((id) =>
      waitingDocument(locked.get(id)!, senders)
    );
    printJson(terminal, { unlocked, failed });
  } else {
    tellFailures(terminal, failed);
    if (locked.size === 0) terminal.out("Nothing of it is locked");
  }
  return failed.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Deletes files; the exit status. */
export async function removeFiles(
  store: OutgoingStore,
  values: OptionValues,
  { terminal }: CommandContext,
): Promise<number> {
  const chosen = await choose(store, "outgoing remove", values);
  if (values["yes"] !== true) {
    throw new SsmError(
      "USAGE",
      `${chosen.length} of the files in outgoing would be deleted`,
      { hint: "say it with --yes" },
    );
  }
  const spool = store.spool(silentLogger());
  const senders = sendersOf(store.path);
  const outcome = await withEach(chosen.map(({ id }) => id), async (id) => {
    await using element = await spool.lock(id);
    if (element) {
      await element.remove();
      return undefined;
    }
    const locked = (await store.waiting.entry(id))?.locked;
    return locked === undefined
      ? "it is not there any more"
      : `locked ${holderWords(locked, senders)}`;
  });
  return tellRemoved(terminal, outcome, values["json"] === true);
}
