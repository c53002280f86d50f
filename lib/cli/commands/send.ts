/**
 * `ssm send`: sends all that waits in outgoing, and quits; or stays, and sends what
 * comes.
 *
 * Log lines, sentences on standard output and exit statuses are those of the
 * Python `ssmsend`.
 *
 * @module
 */
import {
  type Ini,
  loggingConfig,
  readSenderConfig,
  type SenderConfig,
} from "../../config/mod.ts";
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { keepSending, sendAll, type SendReport } from "../../ssm/mod.ts";
import { directoryExists, DirectoryWatch } from "../../spool/mod.ts";
import { systemClock } from "../../stomp/mod.ts";
import { VERSION } from "../../version.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import { composeSender, type SenderParts, WIRE_LOG } from "../wiring/ssm2.ts";
import { readConfigFile } from "../command/config_file.ts";
import { EXIT, reportError, type Terminal } from "../command/terminal.ts";
import { LOG_BREAK, openLog, warnOfLogConfig } from "../process/logging.ts";

const DEFAULT_CONFIG = "/etc/apel/sender.cfg";

/** The command. */
export const sendCommand: Command = {
  name: "send",
  usage: `Usage: ssm send [OPTIONS]

Signs, encrypts if told to, and sends every file of the outgoing directory. A
file is removed when the broker has confirmed it.
`,
  options: {
    "Options": {
      "-c, --config FILE": `default: ${DEFAULT_CONFIG}`,
      "-k, --keep-running":
        "go on, and send what comes at once, until it is stopped",
      "-l, --log_config FILE": "deprecated; ignored, with a warning",
    },
  },
  notes:
    `Exit status: 0 everything was sent, or there was nothing to send, or, with
--keep-running, it was asked to stop; 1 something was not sent, see the log; 2 the
command line is wrong.

Examples:
  ssm send
  ssm send --config /etc/apel/sender-cloud.cfg
`,
  async run(values, context) {
    const path = textOption(values, "config") ?? DEFAULT_CONFIG;
    const ini = await readConfigFile(path, context.terminal, "send");
    return ini ? await runSend(ini, values, context) : EXIT.failure;
  },
};

/** What a run speaks through. */
interface Voices {
  readonly log: Logger;
  readonly terminal: Terminal;
}

/** Sends as the file says; the exit status. */
export async function runSend(
  ini: Ini,
  values: OptionValues,
  { terminal, signal, onReload }: CommandContext,
): Promise<number> {
  using logging = await openLog(() => loggingConfig(ini), { terminal });
  onReload(() => logging.reopen());
  const log = logging.logger("ssmsend");
  const voices = { log, terminal };
  log.info(LOG_BREAK);
  log.info(`Starting sending SSM version ${VERSION}.`);
  warnOfLogConfig(values, log);
  let status: number;
  try {
    const config = readConfig(ini, log);
    const parts = await composeSender(config, { log, signal });
    const keepsRunning = config.keepRunning || values["keep-running"] === true;
    const run = keepsRunning ? stay : send;
    status = await run(config, parts, { ...voices, signal });
  } catch (error) {
    status = fail(error, voices);
  }
  log.info("SSM has shut down.");
  log.info(LOG_BREAK);
  return status;
}

function readConfig(ini: Ini, log: Logger): SenderConfig {
  const { config, warnings } = readSenderConfig(ini);
  for (const warning of warnings) log.warning(warning);
  log.info("Setting up SSM with protocol: STOMP");
  return config;
}

function fail(error: unknown, { log, terminal }: Voices): number {
  terminal.out(
    "SSM failed to complete successfully.  See log file for details.",
  );
  log.error(`SSM failed to complete successfully: ${reason(error)}`);
  if (isSsmError(error) && error.hint) log.error(`Hint: ${error.hint}`);
  return reportError(error, terminal);
}

async function send(
  { messaging, logging }: SenderConfig,
  parts: SenderParts,
  { signal, ...voices }: Voices & { signal: AbortSignal },
): Promise<number> {
  const { log, terminal } = voices;
  const wire = log.named(WIRE_LOG);
  // Lines of the log on the same terminal leave no place for a progress line.
  const progress = new Progress(logging.console ? undefined : terminal);
  try {
    if (!(await directoryExists(messaging.path))) {
      // As with the originals: nobody has written a message yet.
      log.error(`The directory ${messaging.path} does not exist.`);
      log.info("No messages found to send.");
      return EXIT.ok;
    }
    const { found, failed } = await sendAll({
      ...parts,
      log: wire,
      signal,
      window: messaging.window,
      maxMessageBytes: messaging.maxMessageBytes,
      onProgress: (report) => progress.show(report),
    }).finally(() => progress.end());
    if (failed > 0) {
      throw new SsmError(
        "UNSENDABLE",
        `${failed} of ${found} messages were not sent`,
        { hint: "the log says of each one why" },
      );
    }
    if (found > 0) log.info("SSM run has finished.");
    return EXIT.ok;
  } catch (error) {
    return fail(error, voices);
  } finally {
    await parts.carrier.close();
    wire.info("SSM connection ended.");
  }
}

/** How often a sender that stays looks by itself, in ms: where nobody tells of changes, as on a network file system. */
const CHECK_EVERY_MS = 10_000;

/** How long it keeps a connection that nothing is sent on, in ms. */
const MAX_IDLE_MS = 60_000;

/** Sends what waits, and what comes, until it is stopped. */
async function stay(
  { messaging }: SenderConfig,
  parts: SenderParts,
  { log, signal }: Voices & { signal: AbortSignal },
): Promise<number> {
  const wire = log.named(WIRE_LOG);
  using watch = new DirectoryWatch(messaging.path, {
    recursive: messaging.pathType === "dirq",
    warn: (words) => log.warning(words),
  });
  log.info(`Sending what comes into ${messaging.path}`);
  try {
    await keepSending({
      ...parts,
      log: wire,
      signal,
      clock: systemClock,
      watch,
      checkEveryMs: CHECK_EVERY_MS,
      maxIdleMs: MAX_IDLE_MS,
      window: messaging.window,
      maxMessageBytes: messaging.maxMessageBytes,
    });
  } finally {
    await parts.carrier.close();
    wire.info("SSM connection ended.");
  }
  log.info(`Received the shutdown signal: ${signal.reason}`);
  return EXIT.ok;
}

/** The progress line of a run that takes longer than a moment. */
class Progress {
  readonly #terminal: Terminal | undefined;
  #next = performance.now() + 1000;

  constructor(terminal: Terminal | undefined) {
    this.#terminal = terminal;
  }

  show({ found, sent, failed, locked }: SendReport): void {
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + 200;
    this.#terminal?.progress(
      `sent ${sent} of ${found}` + (failed ? `, ${failed} failed` : "") +
        (locked ? `, ${locked} locked` : ""),
    );
  }

  end(): void {
    this.#terminal?.progress("");
  }
}
