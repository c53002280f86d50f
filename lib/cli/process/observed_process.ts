/**
 * A child process whose output is read line by line, and can be waited for.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { systemClock } from "../../time/mod.ts";
import { textLines } from "./text_lines.ts";

/** How a process is run. */
export interface ProcessOptions extends
  Pick<
    Deno.CommandOptions,
    "cwd" | "env" | "clearEnv" | "signal"
  > {
  /** @default "null" */
  readonly stdin?: "null" | "piped";
  /** How many of its last lines an error quotes. @default 5 */
  readonly linesQuoted?: number;
}

/** A running process; asked to stop on disposal. */
export class ObservedProcess implements AsyncDisposable {
  /** What it has said so far, on standard output and standard error. */
  readonly lines: string[] = [];
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly #name: string;
  readonly #linesQuoted: number;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** @param name what errors call it */
  constructor(
    name: string,
    [program, ...args]: readonly [string, ...string[]],
    { stdin = "null", linesQuoted = 5, ...options }: ProcessOptions = {},
  ) {
    this.#name = name;
    this.#linesQuoted = linesQuoted;
    this.#child = new Deno.Command(program, {
      ...options,
      args,
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = Promise.all([
      this.#read("stdout"),
      this.#read("stderr"),
    ]).finally(() => {
      this.#ended = true;
      this.#changed.resolve();
    });
  }

  /** The number of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The last of what it has said, in one line. */
  get lastWords(): string {
    return this.lines.slice(-this.#linesQuoted).join(" | ") || "none";
  }

  /** Its standard input, if that is piped. */
  get stdin(): WritableStream<Uint8Array> {
    return this.#child.stdin;
  }

  /**
   * The first line that matches, now or later.
   *
   * @throws {SsmError} when the process ends without saying it, or `TIMEOUT` after `timeoutMs`.
   */
  async line(pattern: RegExp, timeoutMs?: number): Promise<string> {
    return await this.until(
      () => this.lines.find((line) => pattern.test(line)),
      pattern.source,
      timeoutMs,
    );
  }

  /**
   * Waits until `look` finds something; it looks at once and whenever a line comes.
   *
   * @param what it looks for, for the error
   * @throws {SsmError} when the process ends before, or `TIMEOUT` after `timeoutMs`.
   */
  async until<T>(
    look: () => T | undefined,
    what: string,
    timeoutMs = 15_000,
  ): Promise<T> {
    let late = false;
    const cancel = systemClock.after(timeoutMs, () => {
      late = true;
      this.#changed.resolve();
    });
    try {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        if (late || this.#ended) throw this.#neverSaid(what, late);
        await this.#changed.promise;
      }
    } finally {
      cancel();
    }
  }

  /** Waits for the end; the exit status. */
  async end(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  /** Sends a signal, unless it has ended. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    if (this.#ended) return;
    try {
      this.#child.kill(signal);
    } catch {
      // It ended by itself in this instant.
    }
  }

  /** Asks it to stop, and waits; the exit status. */
  async stop(signal?: Deno.Signal): Promise<number> {
    this.kill(signal);
    return await this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #read(stream: "stdout" | "stderr"): Promise<void> {
    for await (const line of textLines(this.#child[stream])) {
      this.lines.push(line);
      this[stream].push(line);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  #neverSaid(what: string, late: boolean): SsmError {
    const how = late ? "did not say in time" : "ended without saying";
    return new SsmError(
      "TIMEOUT",
      `The ${this.#name} ${how} "${what}"; its last words: ${this.lastWords}`,
    );
  }
}
