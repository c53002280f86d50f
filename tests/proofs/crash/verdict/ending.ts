/**
 * The end of a run: everything is brought through, and looked at.
 *
 * @module
 */
import type { Running } from "../../../kit/programs/program.ts";
import type { Arrival } from "../parties/consumer.ts";
import { filesIn, leftoversIn, makeOld } from "./leftovers.ts";
import type { Parties } from "../parties/parties.ts";
import { judge, type Verdict } from "./verdict.ts";

/**
 * Sends what still waits; settles when the receiver, which runs, has seen all.
 *
 * @param start starts the program with those arguments
 * @throws {Error} when a sender does not end well.
 */
export async function bringThrough(
  { senders, receiver }: Parties,
  running: Running,
  start: (args: readonly string[]) => Running,
): Promise<void> {
  for (const sender of senders) {
    await sender.outgoing.finish();
    makeOld(sender.path);
    const last = await sender.outgoing.add();
    await using sending = start(sender.args);
    const { status, stdout, stderr } = await sending.end();
    if (status !== 0) throw new Error(stdout + stderr);
    await receiver.seen?.(running, last);
  }
}

/** Lets a receiver clear away, at its start, what the last of the dead left. */
export async function tidyUp(
  { receiver: { path, args, ready } }: Parties,
  start: (args: readonly string[]) => Running,
): Promise<void> {
  makeOld(path);
  await using running = start(args);
  await running.line(ready);
  await running.stop();
}

/** What is wrong with what arrived, and with the directories; empty lists when nothing is. */
export interface Findings extends Verdict {
  /** Files that still wait, locks, claims, and everything half or temporary. */
  readonly leftovers: readonly string[];
}

/** Compares what was taken out of incoming, and what is there, with what was sent. */
export async function examine(
  { senders, receiver }: Parties,
  taken: readonly Arrival[],
): Promise<Findings> {
  const sent = new Map(senders.flatMap(({ outgoing }) => [...outgoing.files]));
  const arrivals = [...taken, ...await receiver.arrivals()];
  return {
    ...judge(sent, arrivals, receiver.signer),
    leftovers: [
      ...senders.flatMap(({ path }) => [
        // What tells others of a run stays.
        ...filesIn(path).filter((file) => !file.includes("/.ssm-state/")),
        ...leftoversIn(path),
      ]),
      ...leftoversIn(receiver.path),
    ],
  };
}

/** Of a run without a flaw. */
export const NO_FINDINGS: Findings = {
  lost: [],
  doubled: [],
  changed: [],
  wronglySigned: [],
  strange: [],
  leftovers: [],
};
