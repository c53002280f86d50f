/**
 * A real broker that others wrote, for the tests: own directory, loopback.
 *
 * @module
 */
import type { ObservedProcess } from "../../lib/cli/process/observed_process.ts";

/** PEM files for a TLS port. */
export interface BrokerTls {
  readonly certificate: string;
  readonly key: string;
  /** The CA certificate that client certificates must chain to. */
  readonly ca: string;
}

/** A running broker, with a directory of its own that goes with it. */
export abstract class ForeignBroker implements AsyncDisposable {
  protected readonly directory: string;
  #process: ObservedProcess | undefined;

  /** Use {@linkcode startForeignBroker}. */
  constructor(directory: string) {
    this.directory = directory;
  }

  /** STOMP over TCP, on 127.0.0.1. Stays the same over a restart. */
  abstract get stompPort(): number;

  /** STOMP over TLS, on 127.0.0.1; only with the option `tls`. */
  abstract get tlsPort(): number;

  /** Writes its configuration, starts it, and waits until it listens. */
  protected abstract launch(): Promise<ObservedProcess>;

  /** The number of the broker's process; another one after a restart. */
  get pid(): number {
    if (!this.#process) throw new Error("This broker does not run");
    return this.#process.pid;
  }

  /** Ends the broker as a power cut would. What it has stored stays. */
  async kill9(): Promise<void> {
    await this.#process?.stop("SIGKILL");
    this.#process = undefined;
  }

  /** Stops the broker in good order if it runs, and starts it on the same ports and store. */
  async restart(): Promise<void> {
    await this.#process?.stop();
    this.#process = undefined;
    this.#process = await this.launch();
  }

  /** Ends the broker and removes its directory. */
  async close(): Promise<void> {
    await this.kill9();
    await Deno.remove(this.directory, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Starts what `make` makes for a new temporary directory, which goes when that fails. */
export async function startForeignBroker<Broker extends ForeignBroker>(
  name: string,
  make: (directory: string) => Broker,
): Promise<Broker> {
  const broker = make(await Deno.makeTempDir({ prefix: `${name}-` }));
  try {
    await broker.restart();
    return broker;
  } catch (error) {
    await broker.close();
    throw error;
  }
}
