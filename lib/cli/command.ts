/**
 * The shape of a command, and the parsing of its arguments.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { SsmError } from "../errors.ts";
import type { Terminal } from "./exit.ts";

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
  /** The whole help text, with examples; empty where the list of commands is shown instead. */
  readonly help: string;
  /** Options, besides `--help` and `--version`. */
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** Does the work; the exit status. */
  run(values: OptionValues, context: CommandContext): Promise<number>;
}

const COMMON = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/**
 * Reads the options of a command.
 *
 * The Python programs spell long options with underscores (`--dn_file`); both
 * spellings are understood.
 *
 * @throws {SsmError} `USAGE` for an unknown option, a missing value or a stray word.
 */
export function parseOptions(
  command: Command,
  args: readonly string[],
): OptionValues {
  try {
    const { values } = parseArgs({
      args: args.map(withHyphens),
      options: { ...command.options, ...COMMON },
      strict: true,
      allowPositionals: false,
    });
    return values as OptionValues;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new SsmError("USAGE", words.split(". ")[0]!, {
      hint: `see: ssm ${command.name} --help`.replace("  ", " "),
    });
  }
}

function withHyphens(arg: string): string {
  if (!arg.startsWith("--")) return arg;
  const [name = "", ...value] = arg.split("=");
  return [name.replaceAll("_", "-"), ...value].join("=");
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
