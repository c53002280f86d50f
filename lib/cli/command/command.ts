/**
 * The shape of a command, and the parsing of its arguments.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { SsmError } from "../../errors.ts";
import {
  type OptionGroups,
  optionsHelp,
  type ParsedOptions,
  parsedOptions,
  withHyphens,
} from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** Values of the options given, by name; a list where an option may be repeated. */
export type OptionValues = Readonly<
  Record<string, string | boolean | readonly string[] | undefined>
>;

/** What a command finds around itself. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** Calls back when the process is asked to reread and reopen (SIGHUP). */
  onReload(callback: () => void): void;
}

/** One command of the program. */
export interface Command {
  /** Empty for the command without a name. */
  readonly name: string;
  /** How the help begins: usage, and what the command does; empty where the list of commands is shown instead. */
  readonly usage: string;
  /** Whether words may follow that are no options; they are `operands` then. @default {false} */
  readonly operands?: boolean;
  /** Options, besides `--help` and `--version`, which end the first group. */
  readonly options: OptionGroups;
  /** How the help ends: exit statuses, examples. */
  readonly notes: string;
  /** Writes arguments in the way that {@linkcode parseOptions} understands. */
  respell?(args: readonly string[]): readonly string[];
  /** Does the work; the exit status. */
  run(values: OptionValues, context: CommandContext): Promise<number>;
}

const COMMON = { "-h, --help": "", "-v, --version": "" };

function allOptions({ options }: Command): OptionGroups {
  const [[heading, first] = ["Options", {}], ...others] = Object
    .entries(options);
  return { [heading]: { ...first, ...COMMON }, ...Object.fromEntries(others) };
}

/** The whole help text of a command. */
export function helpText(command: Command): string {
  return [command.usage, optionsHelp(allOptions(command)), command.notes]
    .join("\n");
}

/**
 * Reads the options of a command.
 *
 * The Python programs spell long options with underscores (`--dn_file`), those
 * in Tcl with one hyphen (`-port`); all spellings are understood.
 *
 * @throws {SsmError} `USAGE` for an unknown option, a missing value or a stray word.
 */
export function parseOptions(
  command: Command,
  args: readonly string[],
): OptionValues {
  const known = parsedOptions(allOptions(command));
  try {
    const { values, positionals } = parseArgs({
      args: args.map((arg) => respelled(arg, known)),
      options: known.options,
      strict: true,
      allowPositionals: command.operands ?? false,
    });
    return { ...values, operands: positionals } as OptionValues;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new SsmError("USAGE", words.split(". ")[0]!, {
      hint: `see: ssm ${command.name} --help`.replace("  ", " "),
    });
  }
}

function respelled(
  arg: string,
  { options, firstNames }: ParsedOptions,
): string {
  const [, hyphens, word = ""] = /^(--?)([^=]*)/.exec(arg) ?? [];
  if (hyphens === undefined) return arg;
  const name = withHyphens(word);
  // `-cFILE` and `-hv` are short options, unless it is a long one's name.
  const shorts = [...name].map((letter) =>
    Object.values(options).find(({ short }) => short === letter)
  );
  const short = shorts[0]?.type === "string" || !shorts.includes(undefined);
  const long = hyphens === "--" ||
    (name.length > 1 && (!short || Object.hasOwn(options, name)));
  if (!long) return arg;
  const rest = arg.slice(hyphens.length + word.length);
  return `--${firstNames.get(name) ?? name}${rest}`;
}

/** The text of an option that takes one. */
export function textOption(
  values: OptionValues,
  name: string,
): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** The texts of an option that may be repeated, in the order given. */
export function listOption(
  values: OptionValues,
  name: string,
): readonly string[] {
  const value = values[name];
  return typeof value === "object" ? value : [];
}
