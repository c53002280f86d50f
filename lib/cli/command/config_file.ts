/**
 * Reading of the configuration file named on the command line.
 *
 * @module
 */
import { detectRole, type Ini, isSsm1, readIni } from "../../config/mod.ts";
import { SsmError } from "../../errors.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "./command.ts";
import { EXIT, type Terminal } from "./terminal.ts";

/** The commands that a file can be for, and how it says so. */
const MARKS = {
  send: (ini: Ini) => ini.has("sender"),
  receive: (ini: Ini) => ini.has("receiver"),
  broker: (ini: Ini) => ini.has("stompserver"),
  ssm1: isSsm1,
} as const;

/** The command that `ssm --config FILE` takes a file to be for; `undefined` when it does not say. */
export function commandFor(ini: Ini): keyof typeof MARKS | undefined {
  const role = detectRole(ini);
  if (role === "receiver") return "receive";
  if (isSsm1(ini)) return "ssm1";
  if (role === "sender") return "send";
  return ini.has("stompserver") ? "broker" : undefined;
}

/** A file of which nobody can tell what it is for. @param verb what was to be done with it */
export function forNothing({ file }: Ini, verb: "do" | "check"): SsmError {
  return new SsmError(
    "CONFIG",
    `Cannot tell what to ${verb}: ${file} has neither [sender], [receiver], [stompserver] nor [messagedb]`,
    { hint: `say it: ssm send -c ${file}, or ssm receive -c ${file}` },
  );
}

/** What a command does with its file; the exit status. */
export type RunFile = (
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
) => Promise<number>;

/** Runs a command with the file that `--config` names. */
export function withFile(
  command: keyof typeof MARKS,
  run: RunFile,
  defaultFile: string | Ini,
): Command["run"] {
  return async (values, context) => {
    const file = textOption(values, "config") ?? defaultFile;
    const ini = typeof file === "string"
      ? await readConfigFile(file, context.terminal, command)
      : file;
    return ini ? await run(ini, values, context) : EXIT.failure;
  };
}

/**
 * The parsed file; `undefined`, with the sentence of the originals on standard
 * output, when there is none.
 *
 * @param command What it is read for; without, the file is to say it.
 * @throws {ConfigError} when it cannot be parsed.
 * @throws {SsmError} `USAGE` when it is for other commands: a sender's file would
 *   make a receiver that drains the sender's queue. A file that is for none in
 *   particular does for each.
 */
export async function readConfigFile(
  path: string,
  terminal: Pick<Terminal, "out">,
  command?: keyof typeof MARKS,
): Promise<Ini | undefined> {
  if (!await isFile(path)) {
    terminal.out(`Config file not found at ${path}`);
    return undefined;
  }
  const ini = await readIni(path);
  const meant = Object.entries(MARKS)
    .filter(([, isMarked]) => isMarked(ini)).map(([name]) => name);
  if (command === undefined || meant.length === 0 || meant.includes(command)) {
    return ini;
  }
  throw new SsmError(
    "USAGE",
    `The file ${path} is for ssm ${
      meant.join(" and ")
    }, not for ssm ${command}`,
    { hint: `say: ssm ${meant[0]} -c ${path}` },
  );
}

/** Whether there is a file that can be read as a configuration. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
