/**
 * `ssm --config FILE`: the file's sections name the role.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { detectRole, type Ini } from "../config/mod.ts";
import { runBroker } from "./broker.ts";
import { type Command, textOption } from "./command.ts";
import { readConfigFile } from "./config_file.ts";
import { runReceive } from "./receive.ts";
import { runSend } from "./send.ts";

/** The command without a name. */
export const configCommand: Command = {
  name: "",
  summary: "take the role from the file's sections",
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
    if (!ini) return 1;
    const run = chooseRun(ini);
    if (run === undefined) {
      throw new SsmError(
        "CONFIG",
        `Cannot tell what to do: ${path} has neither [sender], [receiver] nor [stompserver]`,
        { hint: `say it: ssm send -c ${path}, or ssm receive -c ${path}` },
      );
    }
    return await run(ini, values, context);
  },
};

function chooseRun(ini: Ini): typeof runSend | undefined {
  switch (detectRole(ini)) {
    case "sender":
      return runSend;
    case "receiver":
      return runReceive;
    default:
      return ini.has("stompserver") ? runBroker : undefined;
  }
}
