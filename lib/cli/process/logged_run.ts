/**
 * The frame of a run that keeps a log: how it begins, fails and ends.
 *
 * @module
 */
import type { Loaded, LoggingConfig } from "../../config/mod.ts";
import { checkExposure } from "../../credentials/mod.ts";
import { isSsmError, reason } from "../../errors.ts";
import type { Logger, LogSink } from "../../log/mod.ts";
import type { CommandContext } from "../command/command.ts";
import { EXIT, reportError } from "../command/terminal.ts";
import { openLog } from "./logging.ts";

/** The line between two runs in one file. */
const LOG_BREAK = "=".repeat(40);

/** What is given to the work. */
export interface Run extends CommandContext {
  readonly log: Logger;
  /** From now on `sink` is told what is logged. */
  readonly listen: (sink: LogSink) => void;
  /** What remains to be done at the end, after a failure has been logged. */
  readonly cleanup: AsyncDisposableStack;
}

/** A run, and what is said of it. */
export interface LoggedRun {
  /** The name under which it logs. */
  readonly name: string;
  /** The first line of the log. */
  readonly greeting: string;
  /** The last line when all went well, after the work has put everything away. */
  readonly farewell?: string;
  /** How serious a failure is. */
  readonly severity: "error" | "critical";
  /** What of it failed, for the log; and what the originals say on standard output. */
  failure(error: unknown): readonly [action: string, ...sentences: string[]];
  readLogging(): LoggingConfig | Promise<LoggingConfig>;
  work(run: Run): Promise<void>;
}

/**
 * Works between the lines of the log that the originals write; the exit status.
 *
 * @throws {SsmError} `CONFIG` when there can be no log
 */
export async function loggedRun(
  run: LoggedRun,
  context: CommandContext,
): Promise<number> {
  using logging = await openLog(run.readLogging, context);
  const log = logging.logger(run.name);
  log.info(LOG_BREAK);
  log.info(run.greeting);
  const { listen } = logging;
  const status = await attempt(run, { ...context, log, listen });
  log.info(LOG_BREAK);
  return status();
}

/** Works and cleans up. What failed is in the log then; the outcome tells the user. */
async function attempt(
  { work, farewell, severity, failure }: LoggedRun,
  run: Omit<Run, "cleanup">,
): Promise<() => number> {
  const { log, terminal } = run;
  await using cleanup = new AsyncDisposableStack();
  try {
    await work({ ...run, cleanup });
    if (farewell !== undefined) log.info(farewell);
    return () => EXIT.ok;
  } catch (error) {
    const [action, ...sentences] = failure(error);
    const say = (text: string) =>
      severity === "error" ? log.error(text) : log.critical(text);
    say(`${action}: ${reason(error)}`);
    if (isSsmError(error) && error.hint) say(`Hint: ${error.hint}`);
    return () => {
      const running = isSsmError(error, "RUNNING");
      for (const line of running ? [error.message] : sentences) {
        terminal.out(line);
      }
      return reportError(error, terminal);
    };
  }
}

/** A configuration that was read, its warnings in the log. */
export function configOf<Config extends { readonly file: string }>(
  { config, warnings, secrets = [] }: Loaded<Config>,
  log: Logger,
): Config {
  for (const warning of warnings) log.warning(warning);
  for (const name of secrets) {
    checkExposure({
      path: config.file,
      what: `There is a ${name} in the configuration, and`,
      danger: "they can use it as this host does",
    }, (words) => log.warning(words));
  }
  return config;
}
