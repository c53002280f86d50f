/**
 * `ssm ssm1`: the older protocol, a producer, a consumer or both in one process.
 *
 * @module
 */
import { join } from "node:path";
import { type Ini, readSsm1Config, type Ssm1Config } from "../../config/mod.ts";
import { reason, SsmError } from "../../errors.ts";
import { announceSender } from "../../spool/mod.ts";
import { keepSending, receive, sendAll } from "../../ssm/mod.ts";
import { systemClock } from "../../stomp/mod.ts";
import { VERSION } from "../../version.ts";
import type {
  Command,
  CommandContext,
  OptionValues,
} from "../command/command.ts";
import { withFile } from "../command/config_file.ts";
import { sayReady, startDetached } from "../process/detach.ts";
import { configOf, loggedRun, type Run } from "../process/logged_run.ts";
import { claimIfPossible } from "../process/pidfile.ts";
import { thisProcess } from "../process/self.ts";
import { recorded, type RunRecord } from "../state/run_record.ts";
import { assertAllSent } from "../wiring/sent.ts";
import {
  composeSsm1,
  type ConsumerParts,
  type ProducerParts,
} from "../wiring/ssm1.ts";
import { loggingOf, surroundingsHere } from "../wiring/ssm1_file.ts";

const DEFAULT_CONFIG = "/etc/apel/ssm1.cfg";

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
  run: withFile("ssm1", runSsm1, DEFAULT_CONFIG),
};

/** Does what the file asks for; the exit status. */
export async function runSsm1(
  ini: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
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
  return await loggedRun({
    name: "SSM",
    greeting: `Starting SSM version ${VERSION} with the protocol of SSM1.`,
    farewell: "SSM has shut down.",
    severity: "critical",
    failure: (error) => [
      "The SSM will exit",
      ...(daemon
        ? []
        : [`Error processing outgoing messages: ${reason(error)}`]),
      "The SSM will exit",
    ],
    readLogging: () => loggingOf(config, { surroundings, warnings }),
    async work(run) {
      const { log } = run;
      configOf({ ...read, warnings }, log);
      using _pidfile = claimIfPossible(config.pidfile, log);
      const { path: spool, umask } = config.messages;
      await recorded(
        run,
        { role: "ssm1", config: ini.file, spool, umask },
        (record) => (daemon ? serve : sendOnce)(config, { ...run, record }),
      );
    },
  }, context);
}

/** A run of which a record is kept. */
interface RecordedRun extends Run {
  readonly record: RunRecord;
}

/** Sends what is in outgoing. */
async function sendOnce(
  config: Ssm1Config,
  { log, signal, record }: RecordedRun,
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
    { log, signal, connection: () => record.tally.connection() },
  );
  const { carrier } = producer!;
  using _trace = traceOf(config.messages);
  try {
    assertAllSent(
      await sendAll({
        ...producer!,
        log,
        signal,
        maxMessageBytes: config.messages.maxUnpackedBytes,
        onOutcome: record.outcome,
      }),
    );
  } finally {
    await carrier.close();
  }
}

/** Sends and receives until it is stopped. */
async function serve(
  config: Ssm1Config,
  { log, signal: stop, onReload, record }: RecordedRun,
): Promise<void> {
  // Neither role goes on without the other.
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  const { producer, consumer, reload } = await composeSsm1(config, {
    log,
    signal,
    connection: () => record.tally.connection(),
  });
  onReload(() => void reload());
  sayReady();
  const roles: Promise<void>[] = [];
  const run = { log, signal, record };
  if (producer) roles.push(produce(producer, config, run));
  if (consumer) roles.push(consume(consumer, run));
  try {
    await Promise.all(roles);
  } finally {
    failed.abort("the other role failed");
    await Promise.allSettled(roles);
  }
  log.info(`Received the shutdown signal: ${stop.reason}`);
}

async function produce(
  parts: ProducerParts,
  { producer, messages }: Ssm1Config,
  { log, signal, record }: Pick<RecordedRun, "log" | "signal" | "record">,
): Promise<void> {
  using _trace = traceOf(messages);
  try {
    await keepSending({
      ...parts,
      log,
      signal,
      clock: systemClock,
      checkEveryMs: producer!.checkIntervalMs,
      maxMessageBytes: messages.maxUnpackedBytes,
      onOutcome: record.outcome,
    });
  } finally {
    await parts.carrier.close();
  }
}

function traceOf({ path }: Ssm1Config["messages"]): Disposable {
  return announceSender(join(path, "outgoing"), thisProcess());
}

async function consume(
  parts: ConsumerParts,
  { log, signal, record }: Pick<RecordedRun, "log" | "signal" | "record">,
): Promise<void> {
  const onFiled = record.filed;
  await receive({ ...parts, log, signal, clock: systemClock, onFiled });
}
