/**
 * `ssm send`: sends all that waits in outgoing, and quits.
 *
 * Log lines, sentences on standard output and exit statuses are those of the
 * Python `ssmsend`.
 *
 * @module
 */
import { directoryExists } from "../spool/mod.ts";
import {
  type Ini,
  readSenderConfig,
  type SenderConfig,
} from "../config/mod.ts";
import { isSsmError, reason } from "../errors.ts";
import type { Logger } from "../log.ts";
import { sendAll, type SendReport } from "../ssm/mod.ts";
import { VERSION } from "../version.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "./command.ts";
import { composeSender } from "./compose.ts";
import { readConfigFile } from "./config_file.ts";
import { EXIT, reportError, type Terminal } from "./exit.ts";
import { LOG_BREAK, openLog, warnOfLogConfig } from "./logging.ts";

const DEFAULT_CONFIG = "/etc/apel/sender.cfg";

/** The command. */
export const sendCommand: Command = {
  name: "send",
  summary: "send all that waits in outgoing, and quit",
  help: `Usage: ssm send [OPTIONS]

Signs, encrypts if told to, and sends every file of the outgoing directory. A
file is removed when the broker has confirmed it.

Options:
  -c, --config FILE       default: ${DEFAULT_CONFIG}
  -l, --log_config FILE   deprecated; ignored, with a warning
  -h, --help
  -v, --version

Exit status: 0 everything was sent, or there was nothing to send; 1 something
was not, see the log; 2 the command line is wrong.

Examples:
  ssm send
  ssm send --config /etc/apel/sender-cloud.cfg
`,
  options: {
    config: { type: "string", short: "c", default: DEFAULT_CONFIG },
    "log-config": { type: "string", short: "l" },
  },
  async run(values, context) {
    const path = textOption(values, "config") ?? DEFAULT_CONFIG;
    const ini = await readConfigFile(path, context.terminal);
    return ini ? await runSend(ini, values, context) : EXIT.failure;
  },
};

/** Sends as the file says; the exit status. */
export async function runSend(
  ini: Ini,
  values: OptionValues,
  { terminal, signal, onReload }: CommandContext,
): Promise<number> {
  const { config, warnings } = readSenderConfig(ini);
  Deno.umask(config.messaging.umask);
  using logging = openLog(config.logging, { terminal });
  onReload(() => logging.reopen());
  const log = logging.logger("ssmsend");
  log.info(LOG_BREAK);
  log.info(`Starting sending SSM version ${VERSION}.`);
  warnOfLogConfig(values, log);
  for (const warning of warnings) log.warning(warning);
  log.info("Setting up SSM with protocol: STOMP");
  let status: number = EXIT.failure;
  try {
    const report = await send(config, {
      log: logging.logger("ssm.ssm2"),
      signal,
      terminal,
    });
    if (report.failed > 0) {
      log.error(`${report.failed} of ${report.found} messages were not sent.`);
      terminal.err(
        `ssm: error: ${report.failed} of ${report.found} messages were not sent`,
      );
    } else {
      status = EXIT.ok;
    }
    if (report.found > 0) log.info("SSM run has finished.");
  } catch (error) {
    log.error(`SSM failed to complete successfully: ${reason(error)}`);
    if (isSsmError(error) && error.hint) log.error(`Hint: ${error.hint}`);
    reportError(error, terminal);
  }
  if (status !== EXIT.ok) {
    terminal.out(
      "SSM failed to complete successfully.  See log file for details.",
    );
  }
  log.info("SSM has shut down.");
  log.info(LOG_BREAK);
  return status;
}

async function send(
  config: SenderConfig,
  { log, signal, terminal }: {
    log: Logger;
    signal: AbortSignal;
    terminal: Terminal;
  },
): Promise<SendReport> {
  const { messaging } = config;
  const { spool, envelope, carrier } = await composeSender(config, {
    log,
    signal,
  });
  if (!(await directoryExists(messaging.path))) {
    log.error(`The directory ${messaging.path} does not exist.`);
  }
  await using _ = carrier;
  const progress = new Progress(terminal);
  try {
    return await sendAll({
      spool,
      envelope,
      carrier,
      log,
      signal,
      window: messaging.window,
      maxMessageBytes: messaging.maxMessageBytes,
      onProgress: (report) => progress.show(report),
    });
  } finally {
    progress.end();
    log.info("SSM connection ended.");
  }
}

/** The progress line of a run that takes longer than a moment. */
class Progress {
  readonly #terminal: Terminal;
  #next = performance.now() + 1000;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show({ found, sent, failed, locked }: SendReport): void {
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + 200;
    this.#terminal.progress(
      `sent ${sent} of ${found}` + (failed ? `, ${failed} failed` : "") +
        (locked ? `, ${locked} locked` : ""),
    );
  }

  end(): void {
    this.#terminal.progress("");
  }
}
