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
import { isSsmError, reason } from "../../errors.ts";
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
import { composeReceiver, WIRE_LOG } from "../wiring/ssm2.ts";
import { readConfigFile } from "../command/config_file.ts";
import { isDetached, sayReady, startDetached } from "../process/detach.ts";
import { EXIT, reportError } from "../command/terminal.ts";
import { LOG_BREAK, openLog, warnOfLogConfig } from "../process/logging.ts";
import { claimIfPossible } from "../process/pidfile.ts";

const DEFAULT_CONFIG = "/etc/apel/receiver.cfg";

/** The command. */
export const receiveCommand: Command = {
  name: "receive",
  usage: `Usage: ssm receive [OPTIONS]

Takes messages from the broker, decrypts them, verifies who signed them, and
writes them to incoming, or to reject with the reason. A message is acknowledged
when it is safely on disk.
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
  async run(values, context) {
    const path = textOption(values, "config") ?? DEFAULT_CONFIG;
    const ini = await readConfigFile(path, context.terminal, "receive");
    return ini ? await runReceive(ini, values, context) : EXIT.failure;
  },
};

/** Receives as the file says; the exit status. */
export async function runReceive(
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  const { terminal, signal, onReload } = context;
  if (values["detach"] === true) {
    return await startDetached(detachedArguments(ini, values), context);
  }
  using logging = await openLog(() => loggingConfig(ini), {
    terminal,
    quiet: isDetached(),
  });
  onReload(() => logging.reopen());
  const log = logging.logger("ssmreceive");
  log.info(LOG_BREAK);
  log.info(`Starting receiving SSM version ${VERSION}.`);
  warnOfLogConfig(values, log);
  let action = "Failed to initialise SSM";
  let sentence = "SSM failed to start.  See log file for details.";
  try {
    const config = readConfig(ini, values, log);
    if (isDetached()) log.info("The SSM will run as a daemon.");
    using _pidfile = claimIfPossible(config.pidfile, log);
    const parts = await composeReceiver(config, log);
    onReload(() => void parts.reload());
    sayReady();
    action = "The SSM will exit";
    sentence =
      "SSM failed to complete successfully.  See log file for details.";
    const wire = log.named(WIRE_LOG);
    const { retry, ...walk } = parts;
    const options = { ...walk, log: wire, signal, clock: systemClock };
    await (retry ? receiveAndRetry(options, retry) : receive(options));
    log.info(`Received the shutdown signal: ${signal.reason}`);
    wire.info("SSM connection ended.");
  } catch (error) {
    log.critical(`${action}: ${reason(error)}`);
    if (isSsmError(error) && error.hint) log.critical(`Hint: ${error.hint}`);
    log.info(LOG_BREAK);
    terminal.out(isSsmError(error, "RUNNING") ? error.message : sentence);
    return reportError(error, terminal);
  }
  log.info("Receiving SSM has shut down.");
  log.info(LOG_BREAK);
  return EXIT.ok;
}

/** The file's configuration, the option `--dn-file` put over its key. */
function readConfig(
  ini: Ini,
  values: OptionValues,
  log: Logger,
): ReceiverConfig {
  const { config, warnings } = readReceiverConfig(ini);
  for (const warning of warnings) log.warning(warning);
  log.info("Setting up SSM with protocol: STOMP");
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
