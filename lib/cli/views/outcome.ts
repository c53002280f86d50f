/**
 * How commands for operators tell what they have done.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import { printableJson } from "../../log/mod.ts";
import { EXIT, type Terminal } from "../command/terminal.ts";

/** A message with which nothing could be done. */
export interface Failure {
  readonly id: string;
  readonly reason: string;
}

/** What became of several messages. */
export interface Outcome {
  readonly done: readonly string[];
  readonly failed: readonly Failure[];
}

/**
 * Does something with each of several messages; one with which it cannot be done does
 * not stop the others.
 *
 * @param work why it could not be done; `undefined` when it is
 */
export async function withEach(
  ids: readonly string[],
  work: (id: string) => Promise<string | undefined>,
): Promise<Outcome> {
  const done: string[] = [];
  const failed: Failure[] = [];
  for (const id of ids) {
    const fault = await work(id).catch((error) => {
      if (isSsmError(error)) return reason(error);
      throw error;
    });
    if (fault === undefined) done.push(id);
    else failed.push({ id, reason: fault });
  }
  return { done, failed };
}

/** Prints one document on one line. */
export function printJson(terminal: Terminal, document: unknown): void {
  terminal.out(printableJson(document));
}

/** Says what was removed and what was not; the exit status. */
export function tellRemoved(
  terminal: Terminal,
  { done, failed }: Outcome,
  json: boolean,
): number {
  if (json) printJson(terminal, { removed: done, failed });
  else {
    for (const id of done) terminal.out(`removed  ${id}`);
    tellFailures(terminal, failed);
  }
  return failed.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Says of each why. */
export function tellFailures(
  terminal: Terminal,
  failures: readonly Failure[],
): void {
  for (const { id, reason } of failures) {
    terminal.out(`left     ${id}: ${reason}`, "bad");
  }
}
