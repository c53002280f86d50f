/**
 * Which configuration a command for operators works with.
 *
 * @module
 */
import { join } from "node:path";
import { detectRole, type Ini, isSsm1 } from "../../config/mod.ts";
import { quoted, SsmError } from "../../errors.ts";
import {
  type CommandContext,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import { readConfigFile } from "../command/config_file.ts";

/** The option, for help texts. */
export const CONFIG_OPTION = {
  "-c, --config FILE":
    "default: the one of /etc/apel/sender.cfg, receiver.cfg, ssm.cfg and ssm1.cfg that exists and is meant",
};

/** Where the usual files are, and what they are called. */
const USUAL_DIRECTORY = "/etc/apel";
const USUAL_NAMES = ["sender.cfg", "receiver.cfg", "ssm.cfg", "ssm1.cfg"];

/** What a file must be for. */
export interface Purpose {
  /** Completes "this file is not for …". */
  readonly name: string;
  /** Whether a file is for it. */
  readonly fits: (ini: Ini) => boolean;
}

/** Files with an outgoing directory. */
export const SENDING: Purpose = {
  name: "sending",
  fits: (ini) =>
    isSsm1(ini) ? ini.has("producer") : detectRole(ini) === "sender",
};

/** Files with a reject directory. */
export const RECEIVING: Purpose = {
  name: "receiving",
  fits: (ini) =>
    isSsm1(ini) ? ini.has("consumer") : detectRole(ini) === "receiver",
};

/** Files of a sender, a receiver or a broker. */
export const ANYTHING: Purpose = {
  name: "a sender, a receiver or a broker",
  fits: (ini) => !isForNothing(ini),
};

/**
 * The file that is named, or the usual one.
 *
 * @returns `undefined`, when it is said on standard output that there is none
 * @throws {SsmError} `CONFIG` when there is none to be found, `USAGE` when it is for something
 *   else, or several would do
 */
export async function chosenFile(
  values: OptionValues,
  { terminal }: Pick<CommandContext, "terminal">,
  purpose: Purpose,
): Promise<Ini | undefined> {
  const path = textOption(values, "config");
  if (path === undefined) return await usualFile(purpose);
  const ini = await readConfigFile(path, terminal);
  // One that is for nothing in particular does for each.
  if (!ini || purpose.fits(ini) || isForNothing(ini)) return ini;
  throw new SsmError("USAGE", `The file ${path} is not for ${purpose.name}`, {
    hint: `name one that is: -c FILE`,
  });
}

async function usualFile(purpose: Purpose): Promise<Ini> {
  const quiet = { out: () => {} };
  const found: Ini[] = [];
  for (const name of USUAL_NAMES) {
    const ini = await readConfigFile(join(USUAL_DIRECTORY, name), quiet);
    if (ini && purpose.fits(ini)) found.push(ini);
  }
  const [ini, ...others] = found;
  if (ini === undefined) {
    throw new SsmError(
      "CONFIG",
      `Cannot find a configuration for ${purpose.name}: ${
        quoted(USUAL_DIRECTORY)
      } has none`,
      { hint: "name it: -c FILE" },
    );
  }
  if (others.length === 0) return ini;
  throw new SsmError(
    "USAGE",
    `Several files are for ${purpose.name}: ${
      found.map(({ file }) => file).join(", ")
    }`,
    { hint: "name the one that is meant: -c FILE" },
  );
}

function isForNothing(ini: Ini): boolean {
  return !isSsm1(ini) && detectRole(ini) === undefined &&
    !ini.has("stompserver");
}
