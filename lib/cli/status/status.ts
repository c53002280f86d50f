/**
 * `ssm status`: how is it?
 *
 * @module
 */
import type { Ini } from "../../config/mod.ts";
import { isSsmError, reason } from "../../errors.ts";
import { sleep, systemClock } from "../../time/mod.ts";
import type {
  Command,
  CommandContext,
  OptionValues,
} from "../command/command.ts";
import { given, usage } from "../command/option_values.ts";
import { EXIT, type Terminal } from "../command/terminal.ts";
import { ANYTHING, chosenFile, CONFIG_OPTION } from "../operate/chosen_file.ts";
import { printJson } from "../views/outcome.ts";
import { gatherStatus } from "./gather.ts";
import { DEFAULT_CRIT, DEFAULT_WARN, limitsKind } from "./limits.ts";
import { nagiosLine } from "./nagios.ts";
import { statusLines } from "./text.ts";

const NAME = "status";

/** The command. */
export const statusCommand: Command = {
  name: NAME,
  usage: `Usage: ssm status [OPTIONS]

Tells what waits in outgoing and incoming, what was not accepted and why, what the
process does that works there, or did last, the queues of the embedded broker, and
until when certificates and CRLs are valid. Looks only, and asks nobody.
`,
  options: {
    "Options": {
      ...CONFIG_OPTION,
      "--watch": "again every 2 seconds, until it is stopped",
      "--json": "one JSON document, for programs",
    },
    "For Nagios and its kin": {
      "--nagios": "one line with numbers, and the exit status of a plug-in",
      "--warn LIMITS":
        "from where on it is a warning; default: age=1d,rejects=0,days=14",
      "--crit LIMITS": "from where on it is critical; default: age=3d,days=3",
    },
  },
  notes:
    `Limits: age of the oldest that waits (90s, 30m, 12h, 2d), count of what waits,
rejects, and days until a certificate ends: age=12h,count=1000,rejects=10,days=7.
What is not named keeps its default.

Exit status: 0 looked; 1 something could not be looked at; 2 the command line is wrong.
With --nagios: 0 ok, 1 a warning, 2 critical, 3 something could not be looked at.

Examples:
  ssm status
  ssm status -c /etc/apel/sender.cfg --json
  ssm status -c /etc/apel/receiver.cfg --nagios --warn age=2h,days=30
`,
  run,
};

const EVERY_MS = 2000;

async function run(
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  const flags = ["watch", "json", "nagios"]
    .filter((name) => values[name] === true);
  const nagios = flags.includes("nagios");
  if (nagios && flags.length > 1) {
    throw usage(NAME, "The option --nagios stands for itself");
  }
  if (!nagios) {
    for (const name of ["warn", "crit"]) {
      if (values[name] === undefined) continue;
      throw usage(NAME, `The option --${name} needs --nagios`);
    }
  }
  if (nagios) return await tellNagios(values, context);
  const { terminal, signal } = context;
  const ini = await chosenFile(values, context, ANYTHING);
  if (!ini) return EXIT.failure;
  const show = values["json"] === true ? showJson : showText;
  if (values["watch"] !== true) return await show(ini, terminal);
  let status: number = EXIT.ok;
  while (!signal.aborted) {
    terminal.clear();
    status = await show(ini, terminal);
    await sleep(systemClock, EVERY_MS, signal);
  }
  return status;
}

async function showJson(ini: Ini, terminal: Terminal): Promise<number> {
  const status = await gatherStatus(ini, systemClock.date());
  printJson(terminal, status);
  return status.failed.length === 0 ? EXIT.ok : EXIT.failure;
}

async function showText(ini: Ini, terminal: Terminal): Promise<number> {
  const status = await gatherStatus(ini, systemClock.date());
  for (const line of statusLines(status)) terminal.out(...line);
  return status.failed.length === 0 ? EXIT.ok : EXIT.failure;
}

async function tellNagios(
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const unknown = (words: string) => {
    terminal.out(`SSM UNKNOWN - ${words.replaceAll("|", "/")}`);
    return UNKNOWN;
  };
  try {
    const warn = { ...DEFAULT_WARN, ...given(values, "warn", limitsKind) };
    const crit = { ...DEFAULT_CRIT, ...given(values, "crit", limitsKind) };
    const told = { ...terminal, out: unknown };
    const ini = await chosenFile(values, { terminal: told }, ANYTHING);
    if (!ini) return UNKNOWN;
    const status = await gatherStatus(ini, systemClock.date());
    const { line, status: code } = nagiosLine(status, { warn, crit });
    terminal.out(line);
    return code;
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return unknown(reason(error));
  }
}

/** The exit status of a plug-in that could not look. */
const UNKNOWN = 3;
