/**
 * The options of `ssm broker`, and what they say in place of its file.
 *
 * @module
 */
import { type Ini, integer } from "../../config/mod.ts";
import {
  type Command,
  listOption,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import { given, usage } from "../command/option_values.ts";

const SECTION = "stompserver";

/** Options that set a key of the file, where they are not called like it with hyphens. */
const OTHER_NAMES: Readonly<Record<string, [section: string, key: string]>> = {
  "certfile": [SECTION, "certificate"],
  "keyfile": [SECTION, "key"],
  "level": ["logging", "level"],
};

/** Options that set the key of the same name. */
const SAME_NAMES = [
  "host",
  "port",
  "tls",
  "certificate",
  "key",
  "capath",
  "cafile",
  "check-crls",
  "users",
  "access-file",
  "vhosts",
  "allow",
  "deny",
  "heartbeat-in",
  "heartbeat-out",
  "forgiveness",
  "data",
  "memory",
  "max-data",
  "max-message-size",
  "max-connections",
  "subscriptions",
  "prefetch",
  "max-redeliveries",
  "dead-letter-queue",
];

/** The options, for `parseArgs`. */
export const BROKER_OPTIONS: Command["options"] = {
  config: { type: "string", short: "c" },
  user: { type: "string", multiple: true },
  verbose: { type: "string" },
  "hash-password": { type: "boolean" },
  "proxy-protocol": { type: "boolean" },
  ...Object.fromEntries(
    [...SAME_NAMES, ...Object.keys(OTHER_NAMES)].map((name) => [
      name,
      { type: "string" as const },
    ]),
  ),
};

/** What Tcl's stompserver calls verbosity, from 0 to 5. */
const VERBOSITY = ["ERROR", "ERROR", "WARN", "INFO", "DEBUG", "DEBUG"];

/**
 * The file with the options written over it.
 *
 * @throws {SsmError} `USAGE`
 */
export function withOptions(ini: Ini, values: OptionValues): Ini {
  const named = SAME_NAMES.map((name): [string, [string, string]] => [
    name,
    [SECTION, name.replaceAll("-", "_")],
  ]);
  let changed = values["proxy-protocol"] === true
    ? ini.with(SECTION, [["proxy_protocol", "true"]])
    : ini;
  for (const [option, place] of [...named, ...Object.entries(OTHER_NAMES)]) {
    const value = textOption(values, option);
    if (value === undefined) continue;
    if (option === "users" && areUsers(value)) continue;
    const [section, key] = place;
    changed = changed.with(section, [[key, value]]);
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
