/**
 * `ssm --config FILE`: the file's sections name the role.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { Ini } from "../../config/mod.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import {
  commandFor,
  forNothing,
  readConfigFile,
} from "../command/config_file.ts";
import { EXIT } from "../command/terminal.ts";

/** The command without a name. */
export const configCommand: Command = {
  name: "",
  usage: "",
  options: {
    "Options": {
      "-c, --config FILE": "",
      "-d, --dn_file FILE": "",
      "--daemon": "",
      "--detach": "",
    },
  },
  notes: "",
  respell: tellApart,
  async run(values, context) {
    const path = textOption(values, "config");
    if (path === undefined) {
      throw new SsmError("USAGE", "Nothing to do: no --config and no command", {
        hint: "see: ssm --help",
      });
    }
    const ini = await readConfigFile(path, context.terminal);
    return ini ? await runRole(ini, values, context) : EXIT.failure;
  },
};

/**
 * `-d` followed by a file names a receiver's list of DNs, as with its original;
 * alone it keeps SSM1 running, as with that one's.
 */
function tellApart(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1];
    const alone = next === undefined || next.startsWith("-");
    return arg === "-d" && alone ? "--daemon" : arg;
  });
}

/** Does what the file is for; the exit status. */
async function runRole(
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  switch (commandFor(ini)) {
    case "receive": {
      refuse(values, ini, { daemon: "ssm1" });
      const { runReceive } = await import("./receive.ts");
      return await runReceive(ini, values, context);
    }
    case "ssm1": {
      refuse(values, ini, { "dn-file": "receive" });
      const { runSsm1 } = await import("./ssm1.ts");
      return await runSsm1(ini, values, context);
    }
    case "send": {
      refuse(values, ini, RUNS_ONCE);
      const { runSend } = await import("./send.ts");
      return await runSend(ini, values, context);
    }
    case "broker": {
      refuse(values, ini, RUNS_ONCE);
      const { runBroker } = await import("./broker.ts");
      return await runBroker(ini, values, context);
    }
    case undefined:
      throw forNothing(ini, "do");
  }
}

/** Options of those that can be in the background, or have a list of DNs. */
const RUNS_ONCE = { daemon: "ssm1", detach: "receive", "dn-file": "receive" };

/** Refuses options that are for another role than the file's. */
function refuse(
  values: OptionValues,
  { file }: Ini,
  commands: Readonly<Record<string, string>>,
): void {
  for (const [option, command] of Object.entries(commands)) {
    if (values[option] === undefined) continue;
    throw new SsmError(
      "USAGE",
      `The option --${option} is for ssm ${command}, and ${file} is for something else`,
      { hint: `see: ssm ${command} --help` },
    );
  }
}
