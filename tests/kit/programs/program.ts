/**
 * The real program, as a child process.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { ObservedProcess } from "../../../lib/cli/process/observed_process.ts";
import { RUNTIME_OPTIONS } from "../../../lib/cli/process/self.ts";
import { systemClock, within } from "../../../lib/time/mod.ts";

/** Nothing here may take longer, unless it is told to; what does hangs. */
const TIMEOUT_MS = 30_000;

/** The most that a failure shows of the output. */
const LINES_QUOTED = 60;

/**
 * Program and arguments that run ssm with the rights it has in earnest.
 *
 * @param main what runs it
 */
export function ssmCommand(
  args: readonly string[],
  main = new URL("../../../main.ts", import.meta.url),
): [string, ...string[]] {
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    ...RUNTIME_OPTIONS,
    fileURLToPath(main),
    ...args,
  ];
}

/** How a run of the program ended. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings of a run. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. @default none */
  readonly stdin?: ReadableStream<Uint8Array>;
  /** How long a line or the end may be waited for, in ms. @default 30000 */
  readonly timeoutMs?: number;
}

/** A standard input that says this. */
export function saying(text: string): ReadableStream<Uint8Array> {
  return ReadableStream.from([new TextEncoder().encode(text)]);
}

/** Runs ssm to its end. */
export async function ssm(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  await using running = new Running(ssmCommand(args), options);
  return await running.end();
}

/** A running program, whose lines of output can be waited for; killed on disposal. */
export class Running implements AsyncDisposable {
  readonly #process: ObservedProcess;
  readonly #timeoutMs: number;
  #read = 0;

  constructor(
    command: readonly [string, ...string[]],
    options: RunOptions = {},
  ) {
    const { cwd, env, stdin, timeoutMs = TIMEOUT_MS } = options;
    this.#timeoutMs = timeoutMs;
    this.#process = new ObservedProcess("program", command, {
      ...(cwd !== undefined && { cwd }),
      env: { NO_COLOR: "1", ...env },
      ...(stdin && { stdin: "piped" }),
      linesQuoted: LINES_QUOTED,
    });
    // It may end before it has read everything.
    stdin?.pipeTo(this.#process.stdin).catch(() => {});
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The next line of standard output that matches, after the one that matched last. */
  async line(pattern: RegExp): Promise<string> {
    const { stdout } = this.#process;
    const next = () => {
      while (this.#read < stdout.length) {
        const line = stdout[this.#read++]!;
        if (pattern.test(line)) return line;
      }
    };
    return await this.#process.until(next, pattern.source, this.#timeoutMs);
  }

  /** The first line of standard error that matches. */
  async complaint(pattern: RegExp): Promise<string> {
    return await this.#process.until(
      () => this.#process.stderr.find((line) => pattern.test(line)),
      pattern.source,
      this.#timeoutMs,
    );
  }

  /** Sends a signal, unless it has ended. */
  kill(signal?: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits for the end. */
  async end(): Promise<Outcome> {
    const ended = this.#process.end();
    if (!await within(systemClock, this.#timeoutMs, ended)) {
      throw new Error(`It has not ended; ${this.#process.lastWords}`);
    }
    const text = (lines: string[]) => lines.map((line) => `${line}\n`).join("");
    const { stdout, stderr } = this.#process;
    return { status: await ended, stdout: text(stdout), stderr: text(stderr) };
  }

  /** SIGTERM, and how it ended. */
  async stop(): Promise<Outcome> {
    this.kill();
    return await this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop("SIGKILL");
  }
}
