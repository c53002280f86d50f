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
import {
  keepSending,
  sendAll,
  type SendOutcome,
  type SendReport,
} from "../../ssm/mod.ts";
import {
  announceSender,
  directoryExists,
  DirectoryWatch,
} from "../../spool/mod.ts";
import { systemClock } from "../../stomp/mod.ts";
import { VERSION } from "../../version.ts";
import type {
  Command,
  CommandContext,
  OptionValues,
} from "../command/command.ts";
import { withFile } from "../command/config_file.ts";
import type { Terminal } from "../command/terminal.ts";
import { configOf, loggedRun, type Run } from "../process/logged_run.ts";
import { warnOfLogConfig } from "../process/logging.ts";
import { thisProcess } from "../process/self.ts";
import { recorded } from "../state/run_record.ts";
import { assertAllSent } from "../wiring/sent.ts";
import { composeSender, type SenderParts, WIRE_LOG } from "../wiring/ssm2.ts";

const DEFAULT_CONFIG = "/etc/apel/sender.cfg";

/** The command. */
export const sendCommand: Command = {
  name: "send",
  usage: `Usage: ssm send [OPTIONS]

Signs, encrypts if told to, and sends every file of the outgoing directory, to
AMS or a STOMP broker as the configuration says. A file is removed when it is
confirmed there.
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
  run: withFile("send", runSend, DEFAULT_CONFIG),
};

/** Sends as the file says; the exit status. */
export function runSend(
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  return loggedRun({
    name: "ssmsend",
    greeting: `Starting sending SSM version ${VERSION}.`,
    severity: "error",
    failure: () => [
      "SSM failed to complete successfully",
      "SSM failed to complete successfully.  See log file for details.",
    ],
    readLogging: () => loggingConfig(ini),
    async work(run) {
      const { log, cleanup } = run;
      cleanup.defer(() => log.info("SSM has shut down."));
      warnOfLogConfig(values, log);
      const config = configOf(readSenderConfig(ini), log);
      log.info(`Setting up SSM with protocol: ${config.broker.protocol}`);
      const { path, umask } = config.messaging;
      await recorded(run, {
        ...{ role: "sender", config: ini.file, spool: path, umask },
      }, async (record) => {
        const onConnection = record.tally.connection();
        const parts = await composeSender(config, { ...run, onConnection });
        const keepsRunning = config.keepRunning ||
          values["keep-running"] === true;
        using _trace = announceSender(path, thisProcess());
        const onOutcome = record.outcome;
        await (keepsRunning ? stay : send)(config, parts, {
          ...run,
          onOutcome,
        });
      });
    },
  }, context);
}

/** A run whose outcomes are recorded. */
interface SendingRun extends Run {
  readonly onOutcome: (outcome: SendOutcome) => void;
}

async function send(
  { messaging, logging }: SenderConfig,
  parts: SenderParts,
  { log, cleanup, signal, terminal, onOutcome }: SendingRun,
): Promise<void> {
  const wire = log.named(WIRE_LOG);
  // A failure is logged before the connection ends.
  cleanup.defer(async () => {
    await parts.carrier.close();
    wire.info("SSM connection ended.");
  });
  if (!(await directoryExists(messaging.path))) {
    // As with the originals: nobody has written a message yet.
    log.error(`The directory ${messaging.path} does not exist.`);
    log.info("No messages found to send.");
    return;
  }
  // Lines of the log on the same terminal leave no place for a progress line.
  const progress = new Progress(logging.console ? undefined : terminal);
  const report = await sendAll({
    ...parts,
    log: wire,
    signal,
    window: messaging.window,
    maxMessageBytes: messaging.maxMessageBytes,
    split: messaging.split,
    onOutcome,
    onProgress: (report) => progress.show(report),
  }).finally(() => progress.end());
  assertAllSent(report);
  if (report.found > 0) log.info("SSM run has finished.");
}

/** How often a sender that stays looks by itself, in ms: where nobody tells of changes, as on a network file system. */
const CHECK_EVERY_MS = 10_000;

/** How long it keeps a connection that nothing is sent on, in ms. */
const MAX_IDLE_MS = 60_000;

/** Sends what waits, and what comes, until it is stopped. */
async function stay(
  { messaging }: SenderConfig,
  parts: SenderParts,
  { log, signal, onOutcome }: SendingRun,
): Promise<void> {
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
      split: messaging.split,
      onOutcome,
    });
  } finally {
    await parts.carrier.close();
    wire.info("SSM connection ended.");
  }
  log.info(`Received the shutdown signal: ${signal.reason}`);
}

/** The progress line of a run that takes longer than a moment. */
class Progress {
  readonly #terminal: Terminal | undefined;
  #next = systemClock.now() + 1000;

  constructor(terminal: Terminal | undefined) {
    this.#terminal = terminal;
  }

  show({ found, sent, failed, locked }: SendReport): void {
    const now = systemClock.now();
    if (now < this.#next) return;
    this.#next = now + 200;
    this.#terminal?.progress(
      `sent ${sent} of ${found}` + (failed ? `, ${failed} failed` : "") +
        (locked ? `, ${locked} locked` : ""),
    );
  }

  end(): void {
    this.#terminal?.progress("");
  }
}
