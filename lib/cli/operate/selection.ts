/**
 * Which messages a command is for.
 *
 * @module
 */
import type { Options } from "../command/options.ts";
import {
  listOption,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import { ageKind, given, usage } from "../command/option_values.ts";

/** The options by which messages are chosen. */
export const CHOICE_BY_AGE: Options = {
  "--older-than AGE":
    "those that have been there for longer: 90s, 30m, 12h, 2d, 1w",
};

/** The options by which messages of reject are chosen. */
export const CHOICE_OF_REJECTED: Options = {
  "--reason TEXT":
    "those whose reason contains TEXT, in capitals or small letters",
  "--signer DN":
    'those of this signer; "unknown" for those of which no signer is known',
  ...CHOICE_BY_AGE,
};

/** What is chosen. */
export interface Selection {
  /** By their names; empty when the others choose among all. */
  readonly ids: readonly string[];
  readonly all: boolean;
  readonly reason: string | undefined;
  readonly signer: string | undefined;
  readonly olderThanMs: number | undefined;
}

/** What is asked of a message. */
export interface Choosable {
  readonly since: number;
  readonly reason?: string;
  readonly signer?: string | undefined;
}

/** Reads what is chosen. @throws {SsmError} `USAGE` for an age that is none */
export function selectionOf(values: OptionValues): Selection {
  return {
    ids: listOption(values, "operands"),
    all: values["all"] === true,
    reason: textOption(values, "reason"),
    signer: textOption(values, "signer"),
    olderThanMs: given(values, "older-than", ageKind),
  };
}

/** Whether anything but all is chosen. */
function isNarrow(
  { ids, reason, signer, olderThanMs }: Selection,
): boolean {
  return ids.length > 0 || reason !== undefined || signer !== undefined ||
    olderThanMs !== undefined;
}

/** @throws {SsmError} `USAGE` when nothing is chosen, or all and not all */
export function assertChosen(command: string, selection: Selection): void {
  if (selection.all && selection.ids.length > 0) {
    throw usage(command, "Ids and --all cannot be given together");
  }
  if (selection.all || isNarrow(selection)) return;
  throw usage(
    command,
    "Nothing is chosen: give ids, --all or what to choose by",
  );
}

/** @throws {SsmError} `USAGE` unless there is exactly one id, or what else is wanted */
export function theOnlyId(
  command: string,
  values: OptionValues,
  what = "ID",
): string {
  const [id, ...others] = listOption(values, "operands");
  if (id !== undefined && others.length === 0) return id;
  throw usage(command, `Exactly one ${what} is needed`);
}

/** Whether a message is chosen, apart from its id. */
export function isChosen(
  { since, reason = "", signer }: Choosable,
  selection: Selection,
  now: number,
): boolean {
  const { olderThanMs = -Infinity } = selection;
  return now - since > olderThanMs &&
    reason.toLowerCase().includes(selection.reason?.toLowerCase() ?? "") &&
    (selection.signer === undefined ||
      selection.signer === (signer ?? "unknown"));
}
