/**
 * The demonstration's processes: real ones, each this very program.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { systemClock } from "../../time/mod.ts";
import { selfCommand } from "../process/self.ts";
import { textLines } from "../process/text_lines.ts";

/** A running ssm whose output is read line by line. */
export class DemoProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #reading: Promise<unknown>;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** It is asked to stop when the signal is aborted. */
  constructor(name: string, args: readonly string[], signal: AbortSignal) {
    const [program, ...rest] = selfCommand(args);
    this.#name = name;
    this.#child = new Deno.Command(program, {
      args: rest,
      signal,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = Promise.all([
      this.#read(this.#child.stdout),
      this.#read(this.#child.stderr),
    ]).finally(() => {
      this.#ended = true;
      this.#changed.resolve();
    });
  }

  /**
   * The first line that matches, now or later.
   *
   * @throws {SsmError} when the process ends without saying it, or `TIMEOUT` after `timeoutMs`.
   */
  async line(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    return await this.until((lines) => lines.find((l) => pattern.test(l)), {
      what: pattern.source,
      timeoutMs,
    });
  }

  /** Waits until `look` finds something in the lines. */
  async until<T>(
    look: (lines: readonly string[]) => T | undefined,
    { what, timeoutMs = 15_000 }: { what: string; timeoutMs?: number },
  ): Promise<T> {
    let late = false;
    const cancel = systemClock.after(timeoutMs, () => {
      late = true;
      this.#changed.resolve();
    });
    try {
      for (;;) {
        const found = look(this.#lines);
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

  /** Asks it to stop (SIGTERM) and waits; the exit status. */
  async stop(): Promise<number> {
    if (!this.#ended) {
      try {
        this.#child.kill("SIGTERM");
      } catch {
        // It ended by itself in this instant.
      }
    }
    return await this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of textLines(stream)) {
      this.#lines.push(line);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  #neverSaid(what: string, late: boolean): SsmError {
    const how = late ? "did not say in time" : "ended without saying";
    return new SsmError(
      "TIMEOUT",
      `The ${this.#name} ${how} "${what}"; its last words: ${
        this.#lines.slice(-5).join(" | ") || "none"
      }`,
    );
  }
}
