/**
 * What the rooms say while they work: the interface they see.
 *
 * Names and levels are those of the Python original (`ssmsend`, `ssm.ssm2`;
 * DEBUG to CRITICAL), because scripts at sites grep its log lines.
 *
 * @module
 */
import { type Clock, systemClock } from "../time/mod.ts";

/** Severity, lowest first. */
export const LOG_LEVELS = [
  "DEBUG",
  "INFO",
  "WARNING",
  "ERROR",
  "CRITICAL",
] as const;

/** Severity of one line. */
export type LogLevel = typeof LOG_LEVELS[number];

/** One thing said. */
export interface LogRecord {
  /** When it was said. */
  readonly time: Date;
  /** The part of the program that says it, such as `ssmsend`. */
  readonly name: string;
  /** How severe it is. */
  readonly level: LogLevel;
  /** What is said; not escaped yet, see {@linkcode printable}. */
  readonly message: string;
}

/** Where records go: a file, a terminal, a test's array. */
export type LogSink = (record: LogRecord) => void;

/** Says things, under a name, at or above a level. */
export class Logger {
  readonly #name: string;
  readonly #sinks: readonly LogSink[];
  readonly #threshold: number;
  readonly #clock: Clock;

  /**
   * A logger that hands each record to all of `sinks`.
   *
   * @param level the lowest that is said
   */
  constructor(
    name: string,
    sinks: readonly LogSink[],
    level: LogLevel = "INFO",
    clock: Clock = systemClock,
  ) {
    this.#name = name;
    this.#sinks = sinks;
    this.#threshold = LOG_LEVELS.indexOf(level);
    this.#clock = clock;
  }

  /** The same sinks and level under another name. */
  named(name: string): Logger {
    return new Logger(
      name,
      this.#sinks,
      LOG_LEVELS[this.#threshold]!,
      this.#clock,
    );
  }

  /** Says what only a developer needs. */
  debug(message: string): void {
    this.#say("DEBUG", message);
  }

  /** Says what happens in the normal course of things. */
  info(message: string): void {
    this.#say("INFO", message);
  }

  /** Says what somebody should look at some day. */
  warning(message: string): void {
    this.#say("WARNING", message);
  }

  /** Says what failed, while the rest goes on. */
  error(message: string): void {
    this.#say("ERROR", message);
  }

  /** Says what ends the program. */
  critical(message: string): void {
    this.#say("CRITICAL", message);
  }

  #say(level: LogLevel, message: string): void {
    if (LOG_LEVELS.indexOf(level) < this.#threshold) return;
    const time = this.#clock.date();
    const record = { time, name: this.#name, level, message };
    for (const sink of this.#sinks) sink(record);
  }
}

/** The line of the Python original: `2026-11-20 09:16:29,086 - ssmsend - INFO - message`, local time. */
export function formatText(record: LogRecord): string {
  const { time } = record;
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${
    two(time.getDate())
  }`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${
    two(time.getSeconds())
  },${String(time.getMilliseconds()).padStart(3, "0")}`;
  return `${date} ${clock} - ${record.name} - ${record.level} - ${
    printable(record.message)
  }`;
}

/** One JSON object: `time` (ISO 8601, UTC), `name`, `level`, `message`. */
export function formatJson(record: LogRecord): string {
  const { time, name, level, message } = record;
  return printableJson({ time: time.toISOString(), name, level, message });
}

/** `value` as JSON on one line, with everything escaped that {@linkcode printable} escapes. */
export function printableJson(value: unknown): string {
  // JSON itself escapes the C0 controls only.
  return JSON.stringify(value).replace(UNSAFE, unicodeEscape);
}

/** What could forge a log line or drive a terminal. */
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * `text` with everything escaped that could forge a log line or drive a
 * terminal: C0 and C1 controls, DEL, line separators, bidirectional overrides.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : unicodeEscape(char);
  });
}

/** A logger that says nothing. */
export function silentLogger(): Logger {
  return new Logger("silent", []);
}
