/**
 * The real program, as a child process.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { RUNTIME_OPTIONS } from "../../lib/cli/process/self.ts";
import { textLines } from "../../lib/cli/process/text_lines.ts";

/** Nothing here may take longer, unless it is told to; what does hangs. */
const TIMEOUT_MS = 30_000;

/**
 * Program and arguments that run ssm with the rights it has in earnest.
 *
 * @param main what runs it
 */
export function ssmCommand(
  args: readonly string[],
  main = new URL("../../main.ts", import.meta.url),
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
  readonly #child: Deno.ChildProcess;
  readonly #timeoutMs: number;
  readonly #said: Record<"stdout" | "stderr", string[]> = {
    stdout: [],
    stderr: [],
  };
  readonly #closed: Promise<unknown>;
  #changed = Promise.withResolvers<void>();
  #ended = false;
  #read = 0;

  constructor(
    command: readonly [string, ...string[]],
    options: RunOptions = {},
  ) {
    const [program, ...args] = command;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#child = new Deno.Command(program, {
      args,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { NO_COLOR: "1", ...options.env },
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // It may end before it has read everything.
    options.stdin?.pipeTo(this.#child.stdin).catch(() => {});
    this.#closed = Promise.all([
      this.#listen("stdout"),
      this.#listen("stderr"),
    ]).finally(() => {
      this.#ended = true;
      this.#changed.resolve();
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The next line of standard output that matches, after the one that matched last. */
  async line(pattern: RegExp): Promise<string> {
    const lines = this.#said.stdout;
    for (;;) {
      while (this.#read < lines.length) {
        const line = lines[this.#read++]!;
        if (pattern.test(line)) return line;
      }
      if (this.#ended) {
        throw new Error(`It ended without saying ${pattern}\n${this.#all()}`);
      }
      await this.#within(this.#changed.promise, `has not said ${pattern}`);
    }
  }

  /** The first line of standard error that matches. */
  async complaint(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.#said.stderr.find((said) => pattern.test(said));
      if (line !== undefined) return line;
      if (this.#ended) {
        throw new Error(`It ended without saying ${pattern}\n${this.#all()}`);
      }
      await this.#within(this.#changed.promise, `has not said ${pattern}`);
    }
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. */
  async end(): Promise<Outcome> {
    await this.#within(this.#closed, "has not ended");
    const { code } = await this.#child.status;
    const text = (lines: string[]) => lines.map((line) => `${line}\n`).join("");
    return {
      status: code,
      stdout: text(this.#said.stdout),
      stderr: text(this.#said.stderr),
    };
  }

  /** SIGTERM, and how it ended. */
  async stop(): Promise<Outcome> {
    this.kill();
    return await this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      try {
        this.kill("SIGKILL");
      } catch {
        // It ended by itself in this instant.
      }
    }
    await this.#closed;
    await this.#child.status;
  }

  async #listen(stream: "stdout" | "stderr"): Promise<void> {
    for await (const line of textLines(this.#child[stream])) {
      this.#said[stream].push(line);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  async #within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`It ${otherwise}\n${this.#all()}`)),
      this.#timeoutMs,
    );
    try {
      return await Promise.race([promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #all(): string {
    return [...this.#said.stdout, ...this.#said.stderr].join("\n");
  }
}
