/**
 * A foreign server as a child process: started, awaited, stopped.
 *
 * @module
 */

import { textLines } from "../../lib/cli/process/text_lines.ts";

/** How a server is run and how it says that it is ready. */
export interface ServerOptions {
  readonly args: readonly string[];
  /** Its whole environment besides PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Sees every line of output; the server is ready once it has returned true. */
  readonly ready: (line: string) => boolean;
  /** @default 60 000 */
  readonly startTimeoutMs?: number;
}

const LINES_KEPT = 60;

/** A running server. Its last lines of output are part of every error. */
export class ServerProcess {
  readonly #command: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #ready = Promise.withResolvers<void>();
  readonly #reading: Promise<unknown>;

  /** Starts `command` and waits until it is ready. */
  static async start(
    command: string,
    options: ServerOptions,
  ): Promise<ServerProcess> {
    const server = new ServerProcess(command, options);
    const { startTimeoutMs = 60_000 } = options;
    const timer = setTimeout(
      () => server.#ready.reject(server.#failure("is not ready in time")),
      startTimeoutMs,
    );
    try {
      await server.#ready.promise;
    } catch (error) {
      await server.stop("SIGKILL");
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return server;
  }

  private constructor(command: string, options: ServerOptions) {
    this.#command = command;
    this.#child = new Deno.Command(command, {
      args: [...options.args],
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = Promise.all([
      this.#read(this.#child.stdout, options.ready),
      this.#read(this.#child.stderr, options.ready),
      this.#child.status.then(({ code }) =>
        this.#ready.reject(this.#failure(`ended with status ${code}`))
      ),
    ]);
    // A server that ends later, when nobody waits for it to start, is no error.
    this.#ready.promise.catch(() => {});
  }

  /** The number of its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** What the server has said last. */
  get tail(): string {
    return this.#lines.join("\n");
  }

  /** Ends the server and waits until it is gone. Idempotent. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    await this.#reading;
  }

  async #read(
    stream: ReadableStream<Uint8Array>,
    ready: (line: string) => boolean,
  ): Promise<void> {
    for await (const line of textLines(stream)) {
      this.#lines.push(line);
      if (this.#lines.length > LINES_KEPT) this.#lines.shift();
      if (ready(line)) this.#ready.resolve();
    }
  }

  #failure(state: string): Error {
    return new Error(
      `Cannot start ${this.#command}: it ${state}; it said\n${this.tail}`,
    );
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof TypeError; // Deno's answer for a child that has ended.
}
