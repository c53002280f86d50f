/**
 * The brokers that messages pass through, and how they die.
 *
 * @module
 */
import type { Running } from "../../../kit/programs/program.ts";
import { type ActiveMq, startActiveMq } from "../../../peers/activemq.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import type { TestPki } from "../../../kit/pki/test_pki.ts";
import { AMS_SERVER_MARKS } from "../marks/ams_marks.ts";
import { BROKER_MARKS } from "../marks/broker_marks.ts";
import { AMS_USERS } from "../parties/ams_parties.ts";
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
  readonly marks: readonly string[];
  readonly port = freePort();
  readonly #dir: string;
  readonly #options: readonly string[];
  #settled: Running | undefined;

  private constructor(
    dir: string,
    { marks, options }: {
      readonly marks: readonly string[];
      readonly options: (port: number) => readonly string[];
    },
  ) {
    this.marks = marks;
    this.#dir = dir;
    this.#options = options(this.port);
  }

  static async start(): Promise<EmbeddedBroker> {
    return new EmbeddedBroker(await Deno.makeTempDir({ prefix: "broker-" }), {
      marks: BROKER_MARKS,
      options: (port) => [
        `--port=${port}`,
        // A message over which receivers die again and again is one to be set
        // aside; here they would have died over any other, too.
        "--dead-letter-queue=none",
      ],
    });
  }

  /** As an AMS. */
  static async startAms(pki: TestPki): Promise<EmbeddedBroker> {
    const dir = await Deno.makeTempDir({ prefix: "ams-" });
    const options = await amsOptions(pki, dir);
    return new EmbeddedBroker(dir, { marks: AMS_SERVER_MARKS, options });
  }

  async dies(death: Death): Promise<boolean> {
    return await dies(death, this.#arguments());
  }

  async settle(): Promise<void> {
    this.#settled = live(this.#arguments());
    await this.#settled.line(/(?:Broker|AMS) listening on /);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#settled?.[Symbol.asyncDispose]();
    await Deno.remove(this.#dir, { recursive: true });
  }

  #arguments(): string[] {
    return ["broker", `--data=${this.#dir}/data`, ...this.#options];
  }
}

/** The options of an AMS over TLS with {@linkcode AMS_USERS}, whose list is put into that directory. */
export async function amsOptions(
  { server, caPath }: TestPki,
  dir: string,
): Promise<(port: number) => readonly string[]> {
  await Deno.writeTextFile(`${dir}/users`, AMS_USERS, { mode: 0o600 });
  return (port) => [
    "--stomp=off",
    `--ams=127.0.0.1:${port}`,
    "--ams-topics=project/topic:subscription",
    `--ams-users=${dir}/users`,
    "--tls=on",
    `--certificate=${server.certificatePath}`,
    `--key=${server.keyPath}`,
    `--capath=${caPath}`,
  ];
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
