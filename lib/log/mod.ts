/**
 * What the rooms say while they work, and where it goes.
 *
 * @module
 */
export {
  Logger,
  type LogSink,
  printable,
  printableJson,
  silentLogger,
} from "./logger.ts";
export { FileSink, writerSink } from "./sinks.ts";
