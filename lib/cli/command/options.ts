/**
 * The options of a command: one list is parsed, and shown in the help.
 *
 * @module
 */
import type { ParseArgsConfig } from "node:util";

/**
 * What each option does, by how it is written: `-c, --config FILE`. Further
 * long names mean the first one; a value that ends in `...` may be repeated.
 */
export type Options = Readonly<Record<string, string>>;

/** Options under the headings of the help text. */
export type OptionGroups = Readonly<Record<string, Options>>;

/** What `parseArgs` is told, and the first long name for each further one. */
export interface ParsedOptions {
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  readonly firstNames: ReadonlyMap<string, string>;
}

/** Reads how the options are written. */
export function parsedOptions(groups: OptionGroups): ParsedOptions {
  const options: ParsedOptions["options"] = {};
  const firstNames = new Map<string, string>();
  for (const written of Object.values(groups).flatMap(Object.keys)) {
    const words = written.split(/,? /);
    const names = words.filter((word) => word.startsWith("--"))
      .map((word) => withHyphens(word.slice(2)));
    const short = words.find((word) => /^-\w$/.test(word))?.slice(1);
    const value = words.find((word) => !word.startsWith("-"));
    for (const name of names) {
      options[name] = {
        type: value === undefined ? "boolean" : "string",
        multiple: value?.endsWith("...") ?? false,
        ...(short !== undefined && { short }),
      };
      firstNames.set(name, names[0]!);
    }
  }
  return { options, firstNames };
}

/** The name of an option as it is looked up. */
export function withHyphens(name: string): string {
  return name.replaceAll("_", "-");
}

/** Where what an option does begins, and how long its lines are. */
const INDENT = 28;
const WIDTH = 52;

/** The help text of options, one group after the other. */
export function optionsHelp(groups: OptionGroups): string {
  return Object.entries(groups)
    .map(([heading, options]) =>
      `${heading}:\n${Object.entries(options).map(optionHelp).join("")}`
    )
    .join("\n");
}

function optionHelp([written, what]: [string, string]): string {
  const head = `${written.startsWith("--") ? "      " : "  "}${written}`;
  const lines: string[] = what.match(LINE) ?? [];
  if (head.length > INDENT - 2) lines.unshift("");
  const [first = "", ...others] = lines;
  return [
    `${head.padEnd(INDENT)}${first}`.trimEnd(),
    ...others.map((line) => " ".repeat(INDENT) + line),
  ].join("\n") + "\n";
}

/** As many words as fit into a line, or one that does not. */
const LINE = new RegExp(`\\S.{0,${WIDTH - 1}}(?=\\s|$)|\\S+`, "g");
