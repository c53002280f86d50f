/**
 * The command line: which command, then that command.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { brokerCommand } from "./broker.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  parseOptions,
} from "./command.ts";
import { configCommand } from "./config.ts";
import { demoCommand } from "./demo.ts";
import { EXIT, processTerminal, reportError, type Terminal } from "./exit.ts";
import { receiveCommand } from "./receive.ts";
import { sendCommand } from "./send.ts";
import { listenToSignals } from "./signals.ts";

const COMMANDS: readonly Command[] = [
  sendCommand,
  receiveCommand,
  brokerCommand,
  demoCommand,
];

/**
 * Runs ssm with the given arguments.
 *
 * @returns the exit status: 0 all done, 1 something failed, 2 the arguments are wrong.
 */
export async function run(
  args: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  try {
    const { command, values } = choose(args);
    if (values["version"]) {
      terminal.out(`SSM ${VERSION}`);
      return EXIT.ok;
    }
    if (values["help"] || args.length === 0) {
      const help = command === configCommand ? overview() : command.help;
      for (const line of help.trimEnd().split("\n")) terminal.out(line);
      return args.length === 0 ? EXIT.usage : EXIT.ok;
    }
    using signals = listenToSignals();
    const context: CommandContext = {
      terminal,
      signal: signals.stop,
      onReload: signals.onReload,
    };
    return await command.run(values, context);
  } catch (error) {
    return reportError(error, terminal);
  }
}

/** The named command; without a name, the one that takes its role from the file. */
function choose(
  args: readonly string[],
): { command: Command; values: OptionValues } {
  const [first, ...rest] = args;
  if (first === undefined || first.startsWith("-")) {
    return {
      command: configCommand,
      values: parseOptions(configCommand, args),
    };
  }
  const command = COMMANDS.find(({ name }) => name === first);
  if (!command) {
    throw new SsmError("USAGE", `Unknown command "${first}"`, {
      hint: `the commands are ${COMMANDS.map(({ name }) => name).join(", ")}`,
    });
  }
  return { command, values: parseOptions(command, rest) };
}

function overview(): string {
  const list = COMMANDS.map(({ name, summary }) =>
    `  ${name.padEnd(9)} ${summary}`
  );
  return `ssm ${VERSION}, the Secure STOMP Messenger: signed files over STOMP

Usage: ssm --config FILE
       ssm COMMAND [OPTIONS]

With --config alone the sections of the file say what to do: [sender] sends all
that waits and quits, [receiver] receives until it is stopped, [stompserver] is a
broker.

Commands:
${list.join("\n")}

Options:
  -c, --config FILE   configuration file
  -h, --help          this text; after a command, that command's
  -v, --version       the version

Examples:
  ssm demo                            see it work on this machine
  ssm --config /etc/apel/sender.cfg   send what is in outgoing
  ssm receive --help                  all about receiving
`;
}
