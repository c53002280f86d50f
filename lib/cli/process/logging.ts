/**
 * The log of a run, as the configuration asks for it.
 *
 * @module
 */
import type { LoggingConfig } from "../../config/mod.ts";
import { reason } from "../../errors.ts";
import { FileSink, Logger, type LogSink, writerSink } from "../../log/mod.ts";
import type { CommandContext, OptionValues } from "../command/command.ts";
import { isDetached } from "./detach.ts";

/** Where the Python SSM used to look for a separate file. */
const OLD_LOG_CONFIG = "/etc/apel/logging.cfg";

/** An open log. */
export interface Logging extends Disposable {
  /** A logger under a name of the original, such as `ssm.ssm2`. */
  logger(name: string): Logger;
  /** From now on `sink` is told, too. */
  listen(sink: LogSink): void;
}

/**
 * Opens the log that a configuration describes, once it is `read`, and again on
 * SIGHUP. A process in the background has no console, whatever it says.
 *
 * @throws {SsmError} `CONFIG` when that cannot be done; the sentences of the
 *   originals are on standard output then.
 */
export async function openLog(
  read: () => LoggingConfig | Promise<LoggingConfig>,
  { terminal, onReload }: CommandContext,
): Promise<Logging> {
  try {
    return open(await read(), onReload);
  } catch (error) {
    terminal.out(`Error configuring logging: ${reason(error)}`);
    terminal.out("The system will exit.");
    throw error;
  }
}

function open(
  { logfile, level, format, console }: LoggingConfig,
  onReload: CommandContext["onReload"],
): Logging {
  const sinks: LogSink[] = [];
  const file = logfile === undefined
    ? undefined
    : new FileSink(logfile, { format });
  if (file) sinks.push(file.sink);
  // Standard output, as the originals: there are pipes that read it.
  if (console && !isDetached()) sinks.push(writerSink(Deno.stdout, format));
  const logger = (name: string) => new Logger(name, sinks, level);
  // The file has another name by then (logrotate).
  onReload(() => {
    try {
      file?.reopen();
    } catch (error) {
      logger("ssm.log").error(reason(error));
    }
  });
  return {
    logger,
    listen: (sink) => void sinks.push(sink),
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
