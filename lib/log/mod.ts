/**
 * What the rooms say while they work, and where it goes.
 *
 * @module
 */
export {
  LOG_LEVELS,
  Logger,
  type LogLevel,
  type LogRecord,
  type LogSink,
  printable,
  printableJson,
  silentLogger,
} from "./logger.ts";
export { FileSink, writerSink } from "./sinks.ts";
