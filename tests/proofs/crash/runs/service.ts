/**
 * A process of ssm that is to run all the time, and is started again when it
 * was ended.
 *
 * @module
 */
import { Running, ssmCommand } from "../../../kit/programs/program.ts";

/** Longer than the longest wait for a broker. */
const TIMEOUT_MS = 120_000;

/** It runs from `start` to disposal, with interruptions. */
export class Service implements AsyncDisposable {
  readonly #args: readonly string[];
  readonly #ready: RegExp;
  #running: Running;

  private constructor(args: readonly string[], ready: RegExp) {
    this.#args = args;
    this.#ready = ready;
    this.#running = spawn(args);
  }

  /** Settles when it says what `ready` expects. */
  static async start(args: readonly string[], ready: RegExp): Promise<Service> {
    const service = new Service(args, ready);
    await service.running.line(ready);
    return service;
  }

  /** The process that runs now. */
  get running(): Running {
    return this.#running;
  }

  /** Ends it with that signal, and starts it again. */
  async restart(signal: Deno.Signal): Promise<void> {
    this.#running.kill(signal);
    await this.#running.end();
    this.#running = spawn(this.#args);
    await this.#running.line(this.#ready);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** Starts the program as it is. */
export function spawn(args: readonly string[]): Running {
  return new Running(ssmCommand(args), { timeoutMs: TIMEOUT_MS });
}
