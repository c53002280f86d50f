/**
 * Where log lines go: a file, or a stream such as standard error.
 *
 * A log that cannot be written never stops the program. Lines that are lost are
 * counted, and as soon as writing works again the log says how many.
 *
 * @module
 */
import { quoted, reason, SsmError } from "../errors.ts";
import {
  formatJson,
  formatText,
  type LogRecord,
  type LogSink,
} from "./logger.ts";

/** The form of a line. */
export type LogFormat = "text" | "json";

/** What a sink writes to: a file, or `Deno.stderr`. */
export interface LogWriter {
  /** Writes some of the bytes, at least one; returns how many. */
  writeSync(bytes: Uint8Array): number;
}

/** Says something about the log itself. */
const LOG_NAME = "ssm.log";

/** Writes each record to `writer` as one line. */
export function writerSink(
  writer: LogWriter,
  format: LogFormat = "text",
): LogSink {
  const lines = new LineWriter(() => writer, format);
  return (record) => lines.write(record);
}

/** Settings of a {@linkcode FileSink}. */
export interface FileSinkOptions {
  /** @default {"text"} */
  format?: LogFormat;
  /** Mode of a file that is created. @default {0o640} */
  mode?: number;
}

/** Appends records to a file. */
export class FileSink implements Disposable {
  readonly #path: string;
  readonly #mode: number;
  readonly #lines: LineWriter;
  #file: Deno.FsFile;

  /** @throws {SsmError} `CONFIG` when the file cannot be opened. */
  constructor(path: string, options: FileSinkOptions = {}) {
    this.#path = path;
    this.#mode = options.mode ?? 0o640;
    this.#file = this.#open();
    this.#lines = new LineWriter(() => this.#file, options.format ?? "text");
  }

  /** To be given to a `Logger`. */
  readonly sink: LogSink = (record) => this.#lines.write(record);

  /** Lines that could not be written, which the log has not said yet. */
  get lost(): number {
    return this.#lines.lost;
  }

  /**
   * Opens the file again by its name, after it was renamed away.
   *
   * @throws {SsmError} `CONFIG` when it cannot be opened; the old one stays in use.
   */
  reopen(): void {
    const file = this.#open();
    this.#file.close();
    this.#file = file;
    this.#lines.startAnew();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #open(): Deno.FsFile {
    try {
      return Deno.openSync(this.#path, {
        append: true,
        create: true,
        mode: this.#mode,
      });
    } catch (error) {
      throw new SsmError(
        "CONFIG",
        `Cannot open the log file ${quoted(this.#path)}: ${reason(error)}`,
        { cause: error },
      );
    }
  }
}

class LineWriter {
  readonly #writer: () => LogWriter;
  readonly #format: (record: LogRecord) => string;
  readonly #encoder = new TextEncoder();
  /** Whether the last line broke off in its middle. */
  #isTorn = false;
  lost = 0;

  constructor(writer: () => LogWriter, format: LogFormat) {
    this.#writer = writer;
    this.#format = format === "json" ? formatJson : formatText;
  }

  /** The next line begins a file of its own. */
  startAnew(): void {
    this.#isTorn = false;
  }

  write(record: LogRecord): void {
    if (this.lost > 0 && this.#put(this.#confession(record.time))) {
      this.lost = 0;
    }
    if (this.lost > 0 || !this.#put(record)) this.lost++;
  }

  #confession(time: Date): LogRecord {
    const lines = this.lost === 1
      ? "1 log line was"
      : `${this.lost} log lines were`;
    return {
      time,
      name: LOG_NAME,
      level: "WARNING",
      message: `${lines} lost because the log could not be written`,
    };
  }

  #put(record: LogRecord): boolean {
    const start = this.#isTorn ? "\n" : "";
    const line = `${start}${this.#format(record)}\n`;
    const bytes = this.#encoder.encode(line);
    let done = 0;
    try {
      while (done < bytes.length) {
        done += this.#writer().writeSync(bytes.subarray(done));
      }
      this.#isTorn = false;
      return true;
    } catch {
      // A full disk, or a reader that went away: nobody is left to be told.
      if (done > 0) this.#isTorn = true;
      return false;
    }
  }
}
