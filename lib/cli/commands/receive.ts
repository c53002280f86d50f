/**
 * `ssm receive`: receives until it is stopped.
 *
 * Log lines, sentences on standard output and exit statuses are those of the
 * Python `ssmreceive`, except that it stays in the foreground unless told to
 * detach, and that a requested stop is a success.
 *
 * @module
 */
import {
  type Ini,
  loggingConfig,
  readReceiverConfig,
  type ReceiverConfig,
} from "../../config/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { receive, receiveAndRetry } from "../../ssm/mod.ts";
import { systemClock } from "../../stomp/mod.ts";
import { VERSION } from "../../version.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import { withFile } from "../command/config_file.ts";
import { isDetached, sayReady, startDetached } from "../process/detach.ts";
import { configOf, loggedRun } from "../process/logged_run.ts";
import { warnOfLogConfig } from "../process/logging.ts";
import { claimIfPossible } from "../process/pidfile.ts";
import { recorded } from "../state/run_record.ts";
import { composeReceiver, WIRE_LOG } from "../wiring/ssm2.ts";

const DEFAULT_CONFIG = "/etc/apel/receiver.cfg";

/** The command. */
export const receiveCommand: Command = {
  name: "receive",
  usage: `Usage: ssm receive [OPTIONS]

Takes messages from AMS or a STOMP broker as the configuration says, decrypts
them, verifies who signed them, and writes them to incoming, or to reject with
the reason. A message is acknowledged when it is safely on disk.
`,
  options: {
    "Options": {
      "-c, --config FILE": `default: ${DEFAULT_CONFIG}`,
      "-d, --dn_file FILE":
        "allowed DNs; default: dn_file of the configuration, or /etc/apel/dns",
      "--detach": "run in the background, with a pidfile",
      "-l, --log_config FILE": "deprecated; ignored, with a warning",
    },
  },
  notes:
    `Signals: SIGTERM and SIGINT finish the message at hand and exit 0; SIGHUP
reopens the log file and rereads the DN list, certificate and key.

Examples:
  ssm receive
  ssm receive -c /etc/apel/receiver.cfg -d /etc/apel/dns --detach
`,
  run: withFile("receive", runReceive, DEFAULT_CONFIG),
};

/** Receives as the file says; the exit status. */
export async function runReceive(
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  if (values["detach"] === true) {
    return await startDetached(detachedArguments(ini, values), context);
  }
  let started = false;
  return await loggedRun({
    name: "ssmreceive",
    greeting: `Starting receiving SSM version ${VERSION}.`,
    farewell: "Receiving SSM has shut down.",
    severity: "critical",
    failure: () =>
      started
        ? [
          "The SSM will exit",
          "SSM failed to complete successfully.  See log file for details.",
        ]
        : [
          "Failed to initialise SSM",
          "SSM failed to start.  See log file for details.",
        ],
    readLogging: () => loggingConfig(ini),
    async work(run) {
      const { log, signal, onReload } = run;
      warnOfLogConfig(values, log);
      const config = readConfig(ini, values, log);
      if (isDetached()) log.info("The SSM will run as a daemon.");
      using _pidfile = claimIfPossible(config.pidfile, log);
      const { path, umask } = config.messaging;
      await recorded(run, {
        ...{ role: "receiver", config: ini.file, spool: path, umask },
      }, async (record) => {
        const parts = await composeReceiver(config, {
          log,
          onConnection: record.tally.connection(),
        });
        onReload(() => void parts.reload());
        sayReady();
        started = true;
        const wire = log.named(WIRE_LOG);
        const { retry, ...walk } = parts;
        const options = {
          ...walk,
          ...{ log: wire, signal, clock: systemClock },
          onFiled: record.filed,
        };
        await (retry ? receiveAndRetry(options, retry) : receive(options));
        log.info(`Received the shutdown signal: ${signal.reason}`);
        wire.info("SSM connection ended.");
      });
    },
  }, context);
}

/** The file's configuration, the option `--dn-file` put over its key. */
function readConfig(
  ini: Ini,
  values: OptionValues,
  log: Logger,
): ReceiverConfig {
  const config = configOf(readReceiverConfig(ini), log);
  log.info(`Setting up SSM with protocol: ${config.broker.protocol}`);
  const dnFile = textOption(values, "dn-file") ?? config.messaging.dnFile;
  return { ...config, messaging: { ...config.messaging, dnFile } };
}

/** What was said on this command line, for the process in the background. */
function detachedArguments({ file }: Ini, values: OptionValues): string[] {
  const args = ["receive", `--config=${file}`];
  for (const name of ["dn-file", "log-config"]) {
    const value = textOption(values, name);
    if (value !== undefined) args.push(`--${name}=${value}`);
  }
  return args;
}
