/**
 * How commands for operators tell what they have done.
 *
 * @module
 */
import { printableJson } from "../../log/mod.ts";
import type { Terminal } from "../command/terminal.ts";

/** A message with which nothing could be done. */
export interface Failure {
  readonly id: string;
  readonly reason: string;
}

/** Prints one document on one line. */
export function printJson(terminal: Terminal, document: unknown): void {
  terminal.out(printableJson(document));
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
