/**
 * The log of a run, as the configuration asks for it.
 *
 * @module
 */
import type { LoggingConfig } from "../../config/mod.ts";
import { reason } from "../../errors.ts";
import { Logger, type LogSink } from "../../log/mod.ts";
import { FileSink, writerSink } from "../../log/mod.ts";
import type { OptionValues } from "../command/command.ts";
import type { Terminal } from "../command/terminal.ts";

/** The line between two runs in one file. */
export const LOG_BREAK = "=".repeat(40);

/** Where the Python SSM used to look for a separate file. */
const OLD_LOG_CONFIG = "/etc/apel/logging.cfg";

/** An open log. */
export interface Logging extends Disposable {
  /** A logger under a name of the original, such as `ssm.ssm2`. */
  logger(name: string): Logger;
  /** Opens the file again by its name (logrotate); says so in the log if it cannot. */
  reopen(): void;
}

/** What {@linkcode openLog} needs besides the configuration. */
export interface OpenLogOptions {
  readonly terminal: Terminal;
  /** No console lines, whatever the configuration says. @default false */
  readonly quiet?: boolean;
}

/**
 * Opens the log that a configuration describes, once it is `read`.
 *
 * @throws {SsmError} `CONFIG` when that cannot be done; the sentences of the
 *   originals are on standard output then.
 */
export async function openLog(
  read: () => LoggingConfig | Promise<LoggingConfig>,
  { terminal, quiet = false }: OpenLogOptions,
): Promise<Logging> {
  try {
    return open(await read(), quiet);
  } catch (error) {
    terminal.out(`Error configuring logging: ${reason(error)}`);
    terminal.out("The system will exit.");
    throw error;
  }
}

function open(
  { logfile, level, format, console }: LoggingConfig,
  quiet: boolean,
): Logging {
  const sinks: LogSink[] = [];
  const file = logfile === undefined
    ? undefined
    : new FileSink(logfile, { format });
  if (file) sinks.push(file.sink);
  // Standard output, as the originals: there are pipes that read it.
  if (console && !quiet) sinks.push(writerSink(Deno.stdout, format));
  const logger = (name: string) => new Logger(name, sinks, level);
  return {
    logger,
    reopen: () => {
      try {
        file?.reopen();
      } catch (error) {
        logger("ssm.log").error(reason(error));
      }
    },
    [Symbol.dispose]: () => file?.[Symbol.dispose](),
  };
}

/** The warning of the originals about the option and the file they once had. */
export function warnOfLogConfig(values: OptionValues, log: Logger): void {
  if (values["log-config"] !== undefined || exists(OLD_LOG_CONFIG)) {
    log.warning("Separate logging config file option has been deprecated.");
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
