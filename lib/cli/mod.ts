/**
 * The command line: which command, then that command.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { VERSION } from "../version.ts";
import {
  type Command,
  type CommandContext,
  helpText,
  type OptionValues,
  parseOptions,
} from "./command/command.ts";
import {
  EXIT,
  processTerminal,
  reportError,
  type Terminal,
} from "./command/terminal.ts";
import { listenToSignals } from "./process/signals.ts";

/** A command in the list, not loaded yet. */
interface Listed {
  readonly summary: string;
  load(): Promise<Command>;
}

/** A word that is no command by itself, but with another one behind it. */
interface Group {
  readonly summary: string;
  /** By the second word. */
  load(): Promise<ReadonlyMap<string, Command>>;
}

/** Each is loaded only when it is asked for: a sender that cron starts has no use for a broker's code. */
const COMMANDS: ReadonlyMap<string, Listed> = new Map<string, Listed>([
  ["send", {
    summary: "send all that waits in outgoing, and quit",
    load: async () => (await import("./commands/send.ts")).sendCommand,
  }],
  ["receive", {
    summary: "receive into incoming and reject until stopped",
    load: async () => (await import("./commands/receive.ts")).receiveCommand,
  }],
  ["ssm1", {
    summary: "send and receive with the older protocol, SSM1",
    load: async () => (await import("./commands/ssm1.ts")).ssm1Command,
  }],
  ["check", {
    summary: "tell whether it will work: configuration, certificates, broker",
    load: async () => (await import("./commands/check.ts")).checkCommand,
  }],
  ["status", {
    summary: "tell what waits, what was not accepted, what runs, what ends",
    load: async () => (await import("./status/status.ts")).statusCommand,
  }],
  ["verify", {
    summary: "say who signed a message in a file, and what is thought of it",
    load: async () => (await import("./operate/verify.ts")).verifyCommand,
  }],
  ["broker", {
    summary: "run the embedded broker",
    load: async () => (await import("./commands/broker.ts")).brokerCommand,
  }],
  ["stomper", {
    summary: "send lines and files to a queue or topic",
    load: async () => (await import("./commands/stomper.ts")).stomperCommand,
  }],
  ["printer", {
    summary: "print what comes from a queue or topic",
    load: async () => (await import("./commands/printer.ts")).printerCommand,
  }],
  ["demo", {
    summary: "show the main job on this machine: broker, receiver and sender",
    load: async () => (await import("./commands/demo.ts")).demoCommand,
  }],
]);

/** What looks at the directories, and mends them. */
const GROUPS: ReadonlyMap<string, Group> = new Map<string, Group>([
  ["reject", {
    summary: "list, show, retry, remove: what was not accepted",
    load: async () => (await import("./operate/reject.ts")).REJECT_COMMANDS,
  }],
  ["outgoing", {
    summary: "list, show, unlock, remove: what waits to be sent",
    load: async () => (await import("./operate/outgoing.ts")).OUTGOING_COMMANDS,
  }],
]);

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
    const { command, values } = await choose(args);
    if (values["version"]) {
      terminal.out(`SSM ${VERSION}`);
      return EXIT.ok;
    }
    if (values["help"] || args.length === 0) {
      const help = command.usage === "" ? overview() : helpText(command);
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
async function choose(
  args: readonly string[],
): Promise<{ command: Command; values: OptionValues }> {
  const [first, ...rest] = args;
  if (first === undefined || first.startsWith("-")) {
    const { configCommand: command } = await import("./commands/by_config.ts");
    return { command, values: valuesOf(command, args) };
  }
  const group = GROUPS.get(first);
  if (group) return await chooseIn(first, group, rest);
  const listed = COMMANDS.get(first);
  if (!listed) {
    throw new SsmError("USAGE", `Unknown command "${first}"`, {
      hint: `the commands are ${
        [...COMMANDS.keys(), ...GROUPS.keys()].join(", ")
      }`,
    });
  }
  const command = await listed.load();
  return { command, values: valuesOf(command, rest) };
}

/** The command that the second word names; without one, what there is to choose from. */
async function chooseIn(
  first: string,
  group: Group,
  args: readonly string[],
): Promise<{ command: Command; values: OptionValues }> {
  const commands = await group.load();
  const [second, ...rest] = args;
  const command = commands.get(second ?? "");
  if (command) return { command, values: valuesOf(command, rest) };
  if (second === "--help" || second === "-h") {
    const lines = Array.from(commands.values(), ({ usage }) => usage);
    const usage = `${
      lines.join("\n")
    }\nMore of each: ssm ${first} list --help\n`;
    return {
      command: { ...[...commands.values()][0]!, usage, options: {}, notes: "" },
      values: { help: true },
    };
  }
  throw new SsmError(
    "USAGE",
    second === undefined
      ? `ssm ${first} needs another word`
      : `Unknown command "${first} ${second}"`,
    {
      hint: `say: ssm ${first} ${[...commands.keys()].join(", or ")}`,
    },
  );
}

function valuesOf(command: Command, args: readonly string[]): OptionValues {
  return parseOptions(command, command.respell?.(args) ?? args);
}

function overview(): string {
  const list = Array.from(
    [...COMMANDS, ...GROUPS],
    ([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`,
  );
  return `ssm ${VERSION}, the Secure STOMP Messenger: signed files over AMS and STOMP

Usage: ssm --config FILE
       ssm COMMAND [OPTIONS]

With --config alone the sections of the file say what to do: [sender] sends all
that waits and quits, [receiver] receives until it is stopped, [stompserver] is a
broker. With the file of SSM1 it sends all that waits and quits, or, with -d, keeps
running.

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
