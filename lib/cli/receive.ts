/**
 * `ssm receive`: receives until it is stopped.
 *
 * Log lines, sentences on standard output and exit statuses are those of the
 * Python `ssmreceive`, except that it stays in the foreground unless told to
 * detach, and that a requested stop is a success.
 *
 * @module
 */
import { resolve } from "node:path";
import {
  type Ini,
  readReceiverConfig,
  type ReceiverConfig,
} from "../config/mod.ts";
import { isSsmError, reason } from "../errors.ts";
import type { Logger } from "../log.ts";
import { receive } from "../ssm/mod.ts";
import { systemClock } from "../stomp/mod.ts";
import { VERSION } from "../version.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "./command.ts";
import { checkReceiver, composeReceiver } from "./compose.ts";
import { readConfigFile } from "./config_file.ts";
import { isDetached, sayReady, startDetached } from "./detach.ts";
import { EXIT, reportError } from "./exit.ts";
import {
  LOG_BREAK,
  type Logging,
  openLog,
  warnOfLogConfig,
} from "./logging.ts";
import { checkPidfile, claimPidfile } from "./pidfile.ts";

const DEFAULT_CONFIG = "/etc/apel/receiver.cfg";

/** The command. */
export const receiveCommand: Command = {
  name: "receive",
  summary: "receive into incoming and reject until stopped",
  help: `Usage: ssm receive [OPTIONS]

Takes messages from the broker, decrypts them, verifies who signed them, and
writes them to incoming, or to reject with the reason. A message is acknowledged
when it is safely on disk.

Options:
  -c, --config FILE       default: ${DEFAULT_CONFIG}
  -d, --dn_file FILE      allowed DNs; default: dn_file of the configuration, or
                          /etc/apel/dns
      --detach            run in the background, with a pidfile
  -l, --log_config FILE   deprecated; ignored, with a warning
  -h, --help
  -v, --version

Signals: SIGTERM and SIGINT finish the message at hand and exit 0; SIGHUP
reopens the log file and rereads the DN list.

Examples:
  ssm receive
  ssm receive -c /etc/apel/receiver.cfg -d /etc/apel/dns --detach
`,
  options: {
    config: { type: "string", short: "c", default: DEFAULT_CONFIG },
    "dn-file": { type: "string", short: "d" },
    detach: { type: "boolean" },
    "log-config": { type: "string", short: "l" },
  },
  async run(values, context) {
    const path = textOption(values, "config") ?? DEFAULT_CONFIG;
    const ini = await readConfigFile(path, context.terminal);
    return ini ? await runReceive(ini, values, context) : EXIT.failure;
  },
};

/** Receives as the file says; the exit status. */
export async function runReceive(
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const loaded = readReceiverConfig(ini);
  const config = withDnFile(loaded.config, textOption(values, "dn-file"));
  Deno.umask(config.messaging.umask);
  try {
    if (config.pidfile !== undefined) checkPidfile(config.pidfile);
  } catch (error) {
    if (isSsmError(error, "RUNNING")) terminal.out(error.message);
    throw error;
  }
  using logging = openLog(config.logging, { terminal, quiet: isDetached() });
  const log = logging.logger("ssmreceive");
  log.info(LOG_BREAK);
  log.info(`Starting receiving SSM version ${VERSION}.`);
  warnOfLogConfig(values, log);
  for (const warning of loaded.warnings) log.warning(warning);
  log.info("Setting up SSM with protocol: STOMP");
  try {
    if (values["detach"] === true) {
      log.info("The SSM will run as a daemon.");
      await checkReceiver(config, log);
      await startDetached(detachedArguments(config));
      return EXIT.ok;
    }
    await run(config, logging, context);
  } catch (error) {
    log.critical(`Failed to initialise SSM: ${reason(error)}`);
    if (isSsmError(error) && error.hint) log.critical(`Hint: ${error.hint}`);
    log.info(LOG_BREAK);
    terminal.out("SSM failed to start.  See log file for details.");
    return reportError(error, terminal);
  }
  log.info("Receiving SSM has shut down.");
  log.info(LOG_BREAK);
  return EXIT.ok;
}

async function run(
  config: ReceiverConfig,
  logging: Logging,
  { signal, onReload }: CommandContext,
): Promise<void> {
  const log = logging.logger("ssm.ssm2");
  const parts = await composeReceiver(config, log);
  using _pidfile = config.pidfile === undefined
    ? undefined
    : claimPidfile(config.pidfile);
  onReload(() => {
    logging.reopen();
    void parts.refreshDns();
  });
  await tidy(parts, log);
  sayReady();
  await receive({ ...parts, log, signal, clock: systemClock });
  log.info(`Received the shutdown signal: ${signal.reason}`);
  log.info("SSM connection ended.");
}

/** What a crash left is cleared away at the start; that it cannot be is no reason not to run. */
async function tidy(
  { incoming, reject }: Awaited<ReturnType<typeof composeReceiver>>,
  log: Logger,
): Promise<void> {
  for (const spool of [incoming, reject]) {
    try {
      await spool.tidy();
    } catch (error) {
      log.warning(`Tidying failed: ${reason(error)}`);
    }
  }
}

/** The option wins over the file's key. */
function withDnFile(
  config: ReceiverConfig,
  option: string | undefined,
): ReceiverConfig {
  if (option === undefined) return config;
  const messaging = { ...config.messaging, dnFile: resolve(option) };
  return { ...config, messaging };
}

function detachedArguments({ file, messaging }: ReceiverConfig): string[] {
  return [
    "receive",
    "--config",
    resolve(file),
    "--dn-file",
    resolve(messaging.dnFile),
  ];
}
