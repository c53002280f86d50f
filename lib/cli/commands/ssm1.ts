/**
 * `ssm ssm1`: the older protocol, a producer, a consumer or both in one process.
 *
 * @module
 */
import {
  type Ini,
  type LoggingConfig,
  readLogConf,
  readSsm1Config,
  type Ssm1Config,
  type Surroundings,
} from "../../config/mod.ts";
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { keepSending, receive, sendAll } from "../../ssm/mod.ts";
import { systemClock } from "../../stomp/mod.ts";
import { VERSION } from "../../version.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import {
  composeSsm1,
  type ConsumerParts,
  type ProducerParts,
} from "../wiring/ssm1.ts";
import { readConfigFile } from "../command/config_file.ts";
import { isDetached, sayReady, startDetached } from "../process/detach.ts";
import { EXIT, reportError } from "../command/terminal.ts";
import { LOG_BREAK, openLog } from "../process/logging.ts";
import { claimIfPossible } from "../process/pidfile.ts";

const DEFAULT_CONFIG = "/etc/apel/ssm1.cfg";

/** The name under which the original logs. */
const LOG_NAME = "SSM";

/** The command. */
export const ssm1Command: Command = {
  name: "ssm1",
  usage: `Usage: ssm ssm1 [OPTIONS]

Speaks SSM1, the older protocol, with the configuration file of the original.
Sends every file of outgoing to the consumer and quits; with -d it goes on sending
what comes, and receives, if the file has a [consumer].
`,
  options: {
    "Options": {
      "-c, --config FILE": `default: ${DEFAULT_CONFIG}`,
      "-d, --daemon": "keep running: the producer, the consumer, or both",
      "--detach": "with -d: run in the background",
    },
  },
  notes:
    `Exit status: 0 everything was sent, or there was nothing to send, or, with -d, it
was asked to stop; 1 something was not sent, see the log; 2 the command line is
wrong.

Examples:
  ssm ssm1 -c ssm.cfg
  ssm ssm1 -c ssm.cfg -d --detach
`,
  async run(values, context) {
    const path = textOption(values, "config") ?? DEFAULT_CONFIG;
    const ini = await readConfigFile(path, context.terminal, "ssm1");
    return ini ? await runSsm1(ini, values, context) : EXIT.failure;
  },
};

/** Does what the file asks for; the exit status. */
export async function runSsm1(
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  const { terminal, signal, onReload } = context;
  const daemon = values["daemon"] === true;
  if (values["detach"] === true) {
    if (!daemon) {
      throw new SsmError("USAGE", "The option --detach needs -d", {
        hint: "without -d it sends what is in outgoing, and quits",
      });
    }
    return await startDetached(
      ["ssm1", `--config=${ini.file}`, "--daemon"],
      context,
    );
  }
  const surroundings = surroundingsHere();
  const read = readSsm1Config(ini, surroundings);
  const { config } = read;
  const warnings = [...read.warnings];
  using logging = await openLog(
    () => loggingOf(config, { surroundings, warnings }),
    { terminal, quiet: isDetached() },
  );
  onReload(() => logging.reopen());
  const log = logging.logger(LOG_NAME);
  log.info(LOG_BREAK);
  log.info(`Starting SSM version ${VERSION} with the protocol of SSM1.`);
  for (const warning of warnings) log.warning(warning);
  try {
    using _pidfile = claimIfPossible(config.pidfile, log);
    await (daemon
      ? serve(config, log, context)
      : sendOnce(config, log, signal));
  } catch (error) {
    log.critical(`The SSM will exit: ${reason(error)}`);
    if (isSsmError(error) && error.hint) log.critical(`Hint: ${error.hint}`);
    log.info(LOG_BREAK);
    if (isSsmError(error, "RUNNING")) terminal.out(error.message);
    else {
      if (!daemon) {
        terminal.out(`Error processing outgoing messages: ${reason(error)}`);
      }
      terminal.out("The SSM will exit");
    }
    return reportError(error, terminal);
  }
  log.info("SSM has shut down.");
  log.info(LOG_BREAK);
  return EXIT.ok;
}

function surroundingsHere(): Surroundings {
  return {
    host: Deno.hostname(),
    pid: Deno.pid,
    variable: (name) => Deno.env.get(name),
  };
}

/** The file that `log-conf-file` names, or what stands in the configuration itself. */
async function loggingOf(
  { logConfFile, logging }: Ssm1Config,
  { surroundings, warnings }: {
    surroundings: Surroundings;
    warnings: string[];
  },
): Promise<LoggingConfig> {
  if (logConfFile === undefined) return logging;
  const read = await readLogConf(logConfFile, surroundings);
  warnings.push(...read.warnings);
  return read.config;
}

/** Sends what is in outgoing. */
async function sendOnce(
  config: Ssm1Config,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (!config.producer) {
    throw new SsmError(
      "USAGE",
      `Nothing to do: ${config.file} makes a consumer, and a consumer keeps running`,
      { hint: "add -d" },
    );
  }
  // Without its consumer: that is the daemon's.
  const { producer } = await composeSsm1(
    { ...config, consumer: undefined },
    { log, signal },
  );
  const { carrier } = producer!;
  try {
    const { found, failed } = await sendAll({
      ...producer!,
      log,
      signal,
      maxMessageBytes: config.messages.maxUnpackedBytes,
    });
    if (failed > 0) {
      throw new SsmError(
        "UNSENDABLE",
        `${failed} of ${found} messages were not sent`,
        { hint: "the log says of each one why" },
      );
    }
  } finally {
    await carrier.close();
  }
}

/** Sends and receives until it is stopped. */
async function serve(
  config: Ssm1Config,
  log: Logger,
  { signal: stop, onReload }: CommandContext,
): Promise<void> {
  // Neither role goes on without the other.
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  const { producer, consumer, reload } = await composeSsm1(config, {
    log,
    signal,
  });
  onReload(() => void reload());
  sayReady();
  const roles: Promise<void>[] = [];
  if (producer) roles.push(produce(producer, config, { log, signal }));
  if (consumer) roles.push(consume(consumer, { log, signal }));
  try {
    await Promise.all(roles);
  } finally {
    failed.abort("the other role failed");
    await Promise.allSettled(roles);
  }
  log.info(`Received the shutdown signal: ${stop.reason}`);
}

interface Running {
  readonly log: Logger;
  readonly signal: AbortSignal;
}

async function produce(
  parts: ProducerParts,
  { producer, messages }: Ssm1Config,
  { log, signal }: Running,
): Promise<void> {
  try {
    await keepSending({
      ...parts,
      log,
      signal,
      clock: systemClock,
      checkEveryMs: producer!.checkIntervalMs,
      maxMessageBytes: messages.maxUnpackedBytes,
    });
  } finally {
    await parts.carrier.close();
  }
}

async function consume(
  parts: ConsumerParts,
  { log, signal }: Running,
): Promise<void> {
  await receive({ ...parts, log, signal, clock: systemClock });
}
