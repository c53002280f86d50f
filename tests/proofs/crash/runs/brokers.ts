/**
 * The brokers that messages pass through, and how they die.
 *
 * @module
 */
import type { Running } from "../../../kit/programs/program.ts";
import { type ActiveMq, startActiveMq } from "../../../peers/activemq.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import { BROKER_MARKS } from "../marks/broker_marks.ts";
import type { Death } from "../deaths/deaths.ts";
import { dies, live } from "../deaths/mortal_process.ts";

/** A broker that keeps its port and its messages from life to life; gone with them on disposal. */
export interface MortalBroker extends AsyncDisposable {
  readonly port: number;
  /** The marks that it can be told to die at. */
  readonly marks: readonly string[];
  /** Lives until that death comes; whether it came. */
  dies(death: Death): Promise<boolean>;
  /** Lives from now on; settles when it can be used. */
  settle(): Promise<void>;
}

/** `ssm broker` with its messages in a directory. */
export class EmbeddedBroker implements MortalBroker {
  readonly marks = BROKER_MARKS;
  readonly port = freePort();
  readonly #data: string;
  #settled: Running | undefined;

  private constructor(data: string) {
    this.#data = data;
  }

  static async start(): Promise<EmbeddedBroker> {
    return new EmbeddedBroker(await Deno.makeTempDir({ prefix: "broker-" }));
  }

  async dies(death: Death): Promise<boolean> {
    return await dies(death, this.#arguments());
  }

  async settle(): Promise<void> {
    this.#settled = live(this.#arguments());
    await this.#settled.line(/Broker listening on /);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#settled?.[Symbol.asyncDispose]();
    await Deno.remove(this.#data, { recursive: true });
  }

  #arguments(): string[] {
    return [
      "broker",
      `--port=${this.port}`,
      `--data=${this.#data}`,
      // A message over which receivers die again and again is one to be set
      // aside; here they would have died over any other, too.
      "--dead-letter-queue=none",
    ];
  }
}

/** ActiveMQ with KahaDB. It takes seconds to come back, and has no marks of ours. */
export class MortalActiveMq implements MortalBroker {
  readonly marks = [];
  readonly #broker: ActiveMq;

  private constructor(broker: ActiveMq) {
    this.#broker = broker;
  }

  static async start(): Promise<MortalActiveMq> {
    return new MortalActiveMq(await startActiveMq());
  }

  get port(): number {
    return this.#broker.stompPort;
  }

  async dies({ afterMs = 0 }: Death): Promise<boolean> {
    // At first it must come to something, so much slower is it than the others.
    await new Promise((resolve) => setTimeout(resolve, 5 * afterMs));
    await this.#broker.kill9();
    await this.#broker.restart();
    return true;
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.close();
  }
}
