/**
 * The options of `ssm broker`, and what they say in place of its file.
 *
 * @module
 */
import {
  type Ini,
  integer,
  type Key,
  STOMPSERVER_GROUPS,
  STOMPSERVER_TABLES,
} from "../../config/mod.ts";
import {
  listOption,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import { type OptionGroups, withHyphens } from "../command/options.ts";
import { given, usage } from "../command/option_values.ts";

const { stompserver, logging } = STOMPSERVER_TABLES;

/** What Tcl's stompserver calls some keys. */
const TCL_NAMES = new Map<Key<unknown>, string>([
  [stompserver.certificate, "certfile"],
  [stompserver.key, "keyfile"],
]);

/** Options that have no key. */
const OWN_OPTIONS: OptionGroups = {
  "Options": {
    "-c, --config FILE": "The file with that section; options win over it.",
    ...optionOf(logging.level),
    "--verbose N": "The level as Tcl's stompserver says it, from 0 to 5.",
  },
  "Who may connect": {
    "--user LOGIN:PASSCODE...":
      "One more user, may be repeated; others on this machine can see it.",
    "--hash-password":
      "Reads login:passcode lines from standard input and prints lines for --users that do not show passcodes.",
  },
  "AMS": {
    "--hash-token":
      "Reads tokens from standard input, one a line, and prints for each what stands for it in --ams-users.",
  },
};

/** Every key of the section is an option. */
export const BROKER_OPTIONS: OptionGroups = Object.fromEntries(
  Object.entries(STOMPSERVER_GROUPS).map(([heading, keys]) => [
    heading,
    Object.assign(
      {},
      OWN_OPTIONS[heading],
      ...Object.values(keys).map(optionOf),
    ),
  ]),
);

function optionOf(key: Key<unknown>): Record<string, string> {
  const { name, placeholder, defaultText, doc } = key;
  const tcl = TCL_NAMES.get(key);
  const names = `--${withHyphens(name)}${tcl ? `, --${tcl}` : ""}`;
  // A switch, unlike its siblings: those who use it give no value.
  if (key === stompserver.proxyProtocol) return { [names]: doc };
  const fallback = defaultText === undefined ? "" : ` Default: ${defaultText}`;
  return { [`${names} ${placeholder}`]: doc + fallback };
}

/** What Tcl's stompserver calls verbosity, from 0 to 5. */
const VERBOSITY = ["ERROR", "ERROR", "WARN", "INFO", "DEBUG", "DEBUG"];

/**
 * The file with the options written over it.
 *
 * @throws {SsmError} `USAGE`
 */
export function withOptions(ini: Ini, values: OptionValues): Ini {
  let changed = ini;
  for (
    const key of [...Object.values<Key<unknown>>(stompserver), logging.level]
  ) {
    const value = values[withHyphens(key.name)];
    if (value === undefined) continue;
    const text = String(value);
    if (key === stompserver.usersFile && areUsers(text)) continue;
    const section = key === logging.level ? "logging" : "stompserver";
    changed = changed.with(section, [[key.name, text]]);
  }
  const verbosity = given(values, "verbose", integer(0, 5));
  if (verbosity === undefined) return changed;
  if (values["level"] !== undefined) {
    throw usage("broker", "Only one of --level and --verbose may be given");
  }
  return changed.with("logging", [["level", VERBOSITY[verbosity]!]]);
}

/** Users on the command line, as `login:passcode`. */
export function givenUsers(values: OptionValues): readonly string[] {
  const users = textOption(values, "users");
  return [
    ...(users !== undefined && areUsers(users) ? words(users) : []),
    ...listOption(values, "user"),
  ];
}

/** Whether `--users` is the list that Tcl's stompserver takes, rather than a file. */
function areUsers(value: string): boolean {
  const list = words(value);
  return list.length > 0 && list.every((word) => /^[^:/]+:/.test(word));
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
