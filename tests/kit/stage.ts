/**
 * What a sender and a receiver need around them: spools in a temporary
 * directory, a log that can be read, a way to stop.
 *
 * @module
 */
import { Logger } from "../../lib/log/logger.ts";
import { dial } from "../../lib/net/mod.ts";
import {
  DeliveredElements,
  DirqSchema,
  type DirqSchemaOptions,
  DirqSimple,
  type OutgoingSpool,
} from "../../lib/spool/mod.ts";
import {
  type OutgoingCarrier,
  type SealingEnvelope,
  sendAll,
  type SendAllOptions,
  type SendReport,
  Ssm2OutgoingCarrier,
} from "../../lib/ssm/mod.ts";
import {
  type Clock,
  type Endpoint,
  StompClient,
  type StompConnectOptions,
} from "../../lib/stomp/mod.ts";
import { InstantClock } from "./clocks.ts";
import { bytes, text } from "./text.ts";

/** Where both sides send to, unless they are told otherwise. */
export const QUEUE = "/queue/accounting";

/** How {@linkcode Stage.send} differs from the default. */
export interface SendChanges extends
  Partial<
    Pick<
      SendAllOptions,
      "window" | "windowBytes" | "maxMessageBytes" | "split" | "onProgress"
    >
  > {
  readonly spool?: OutgoingSpool;
  readonly envelope?: SealingEnvelope;
  /** @default 60 000 */
  readonly retryForMs?: number;
  readonly destination?: string;
  readonly clock?: Clock;
}

/** Makes what a sender sends with. */
export type MakeOutgoing = (
  options: Omit<
    ConstructorParameters<typeof Ssm2OutgoingCarrier>[0],
    "endpoints"
  >,
) => OutgoingCarrier;

/** A sender's and a receiver's directories, and what both have said. */
export class Stage implements AsyncDisposable {
  readonly dir: string;
  readonly outgoing: DirqSimple;
  /** What was logged, as `LEVEL message`. */
  readonly lines: string[] = [];
  readonly log: Logger;
  readonly #controller = new AbortController();
  #line = Promise.withResolvers<void>();

  private constructor(dir: string) {
    this.dir = dir;
    this.outgoing = new DirqSimple(this.outgoingDir);
    this.log = new Logger("test", [
      ({ level, message }) => {
        this.lines.push(`${level} ${message}`);
        this.#line.resolve();
        this.#line = Promise.withResolvers();
      },
    ]);
  }

  static async open(): Promise<Stage> {
    const dir = await Deno.makeTempDir({ prefix: "stage-" });
    await Deno.mkdir(`${dir}/outgoing`);
    return new Stage(dir);
  }

  get outgoingDir(): string {
    return `${this.dir}/outgoing`;
  }

  /** Aborted by {@linkcode stop}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Asks sender and receiver to stop. */
  stop(): void {
    this.#controller.abort();
  }

  /** Puts texts into outgoing; returns their names. */
  async put(...texts: (string | Uint8Array)[]): Promise<string[]> {
    const names: string[] = [];
    for (const text of texts) {
      names.push(
        await this.outgoing.add(typeof text === "string" ? bytes(text) : text),
      );
    }
    return names;
  }

  /** Runs a sender over outgoing, to brokers or what else; waits between attempts take no time. */
  async send(
    over: readonly Endpoint[] | MakeOutgoing,
    changes: SendChanges = {},
  ): Promise<SendReport> {
    const {
      spool = this.outgoing,
      envelope = { seal: (body) => Promise.resolve({ body }) },
      retryForMs = 60_000,
      destination = QUEUE,
      clock = new InstantClock(),
      ...rest
    } = changes;
    const { log, signal } = this;
    const options = {
      ...{ destination, retryForMs, signal, log, clock },
      random: () => 0.5,
    };
    await using carrier = typeof over === "function"
      ? over(options)
      : new Ssm2OutgoingCarrier({ ...options, endpoints: over });
    return await sendAll({ spool, envelope, carrier, log, signal, ...rest });
  }

  /** Names of the elements in outgoing, and of the locks on them. */
  async left(): Promise<{ elements: string[]; locks: string[] }> {
    const locks: string[] = [];
    for await (const { name } of Deno.readDir(this.outgoingDir)) {
      for await (const entry of Deno.readDir(`${this.outgoingDir}/${name}`)) {
        if (entry.name.endsWith(".lck")) locks.push(`${name}/${entry.name}`);
      }
    }
    return { elements: await this.outgoing.list(), locks };
  }

  /** Opens the queue `incoming` or `reject`, as a receiver that starts does. */
  delivery(
    queue: "incoming" | "reject",
    options: Pick<DirqSchemaOptions, "clock"> = {},
  ): Promise<DirqSchema> {
    return DirqSchema.open(`${this.dir}/${queue}`, {
      ...options,
      ledgerDirectory: `${this.dir}/ledger/${queue}`,
    });
  }

  /** What is in `incoming` or `reject`, in order, each field as text. */
  async delivered(
    queue: "incoming" | "reject",
  ): Promise<Record<string, string>[]> {
    const elements = new DeliveredElements(`${this.dir}/${queue}`);
    const all: Record<string, string>[] = [];
    for (const name of elements.list()) {
      const fields = Object.entries(await elements.read(name));
      all.push(
        Object.fromEntries(fields.map(([key, value]) => [key, text(value)])),
      );
    }
    return all;
  }

  /** Waits until such a line is logged. */
  async said(line: RegExp): Promise<void> {
    while (!this.lines.some((said) => line.test(said))) {
      await this.#line.promise;
    }
  }

  /** Log lines at WARNING or above. */
  get complaints(): string[] {
    return this.lines.filter((line) => !line.startsWith("INFO"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** A broker on this machine, in plain TCP. */
export function endpoint(
  port: number,
  options: StompConnectOptions = {},
): Endpoint {
  return {
    name: `127.0.0.1:${port}`,
    connect: async (signal) => {
      const socket = await dial({ host: "127.0.0.1", port, signal });
      return await StompClient.connect(socket, options);
    },
  };
}

/** A report; what is not named is 0. */
export function report(counts: Partial<SendReport>): SendReport {
  return { found: 0, sent: 0, locked: 0, failed: 0, ...counts };
}

/** Seals nothing, and writes into the log when it did not. */
export function notingEnvelope(
  stage: Stage,
  onSealed = (_payload: string) => {},
): SealingEnvelope {
  return {
    seal: (payload) => {
      stage.lines.push(`sealed ${text(payload)}`);
      onSealed(text(payload));
      return Promise.resolve({ body: payload });
    },
  };
}
