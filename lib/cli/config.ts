/**
 * `ssm --config FILE`: the file's sections name the role.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { detectRole, type Ini } from "../config/mod.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "./command.ts";
import { readConfigFile } from "./config_file.ts";
import { EXIT } from "./exit.ts";

/** The command without a name. */
export const configCommand: Command = {
  name: "",
  help: "",
  options: {
    config: { type: "string", short: "c" },
    "dn-file": { type: "string", short: "d" },
    detach: { type: "boolean" },
  },
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

/** Does what the file is for; the exit status. */
async function runRole(
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  const role = detectRole(ini);
  if (role === "receiver") {
    const { runReceive } = await import("./receive.ts");
    return await runReceive(ini, values, context);
  }
  for (const option of ["detach", "dn-file"]) {
    if (values[option] === undefined) continue;
    throw new SsmError(
      "USAGE",
      `The option --${option} is for receivers, and ${ini.file} is for none`,
      { hint: "see: ssm receive --help" },
    );
  }
  if (role === "sender") {
    const { runSend } = await import("./send.ts");
    return await runSend(ini, values, context);
  }
  if (ini.has("stompserver")) {
    const { runBroker } = await import("./broker.ts");
    return await runBroker(ini, values, context);
  }
  throw new SsmError(
    "CONFIG",
    `Cannot tell what to do: ${ini.file} has neither [sender], [receiver] nor [stompserver]`,
    { hint: `say it: ssm send -c ${ini.file}, or ssm receive -c ${ini.file}` },
  );
}
