/**
 * One broker and one AMS with everything around it under mixed traffic and faults.
 *
 * @module
 */
import type { Running } from "../../../kit/programs/program.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import type { TestPki } from "../../../kit/pki/test_pki.ts";
import { Wire } from "../../../kit/net/faulty_wire.ts";
import type { Consumer } from "../parties/consumer.ts";
import {
  bringThrough,
  examine,
  type Findings,
  NO_FINDINGS,
  tidyUp,
} from "../verdict/ending.ts";
import { filesIn, makeOld } from "../verdict/leftovers.ts";
import { amsParties } from "../parties/ams_parties.ts";
import type { Parties, Receiver, Sender } from "../parties/parties.ts";
import type { Random } from "../../../kit/random.ts";
import { amsOptions } from "./brokers.ts";
import { Service, spawn } from "./service.ts";
import { ssm1Parties } from "../parties/ssm1_parties.ts";
import { ssm2Parties } from "../parties/ssm2_parties.ts";
import { Stranger } from "../parties/stranger.ts";
import { ResourceSamples, resourceUseOf } from "../verdict/resource_use.ts";

/** What a workload is made from. */
export interface WorkloadOptions {
  readonly pki: TestPki;
  readonly random: Random;
  /** The longest that it runs. */
  readonly limitMs: number;
}

/** What has gone through so far. */
export interface Progress {
  readonly sent: number;
  readonly arrived: number;
  readonly rejected: number;
}

/** One protocol's parties, its receiver running, and who empties incoming. */
interface Traffic {
  readonly parties: Parties;
  readonly receiver: Service;
  readonly consumer: Consumer;
}

/** Within what AMS takes, signed and in Base64. */
const AMS_LARGE_BYTES = 300_000;

/** Files that wait when a sender starts. */
const WAITING = 12;

/** A broker, receivers and senders. */
export class Workload implements AsyncDisposable {
  readonly #random: Random;
  readonly #owned = new AsyncDisposableStack();
  readonly #data: string;
  readonly #port = freePort();
  readonly #amsPort = freePort();
  readonly #wire: Wire;
  readonly #amsWire: Wire;
  readonly #traffic: Traffic[] = [];
  readonly #resources = new Map<string, ResourceSamples>();
  #broker!: Service;
  #ams!: Service;
  #stranger!: Stranger;
  /** The sender that runs. */
  #sending: Running | undefined;
  #over = false;
  #rotations = 0;

  private constructor(random: Random, data: string) {
    this.#random = random;
    this.#data = data;
    this.#wire = this.#owned.use(Wire.start(this.#port));
    this.#amsWire = this.#owned.use(Wire.start(this.#amsPort));
  }

  static async start(options: WorkloadOptions): Promise<Workload> {
    const data = await Deno.makeTempDir({ prefix: "broker-" });
    const workload = new Workload(options.random, data);
    try {
      await workload.#populate(options);
      return workload;
    } catch (error) {
      await workload[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #populate({ pki, random, limitMs }: WorkloadOptions): Promise<void> {
    const owned = this.#owned;
    owned.defer(() => Deno.remove(this.#data, { recursive: true }));
    this.#broker = owned.use(await this.#startBroker());
    this.#ams = owned.use(await this.#startAms(pki));
    const port = this.#wire.port;
    const options = { pki, port, random, largeOneIn: 40, largeBytes: 1 << 20 };
    this.#stranger = owned.use(await Stranger.make(options));
    const overAms = {
      ...options,
      port: this.#amsWire.port,
      largeBytes: AMS_LARGE_BYTES,
    };
    for (
      const meet of [
        () => ssm2Parties(options),
        () => ssm1Parties(options),
        () => amsParties(overAms),
      ]
    ) {
      const parties = owned.use(await meet());
      const { receiver: { args, ready, consume } } = parties;
      const consumer = owned.use(consume({ limitMs, leaveOneIn: 50 }));
      const receiver = owned.use(await Service.start(args, ready));
      this.#traffic.push({ parties, receiver, consumer });
    }
  }

  async #startBroker(): Promise<Service> {
    return await Service.start([
      "broker",
      `--port=${this.#port}`,
      `--data=${this.#data}/broker`,
      // So many deaths over one message are not the message's fault here.
      "--dead-letter-queue=none",
    ], /Broker listening on /);
  }

  async #startAms(pki: TestPki): Promise<Service> {
    const options = await amsOptions(pki, this.#data);
    return await Service.start(
      ["broker", `--data=${this.#data}/ams`, ...options(this.#amsPort)],
      /AMS listening on /,
    );
  }

  /** Sends until `stop`. */
  async run(): Promise<void> {
    while (!this.#over) {
      for (const { parties } of this.#traffic) {
        for (const sender of parties.senders) await this.#send(sender);
      }
      await this.#stranger.send();
    }
  }

  /** Ends `run` after the sender at work. */
  stop(): void {
    this.#over = true;
  }

  async #send({ outgoing, path, args }: Sender): Promise<void> {
    await outgoing.fill(WAITING);
    makeOld(path);
    await using sending = spawn(args);
    this.#sending = sending;
    await sending.end();
    this.#sending = undefined;
  }

  /** The faults that leave the broker and the receivers alive. */
  get mildFaults(): Record<string, () => Promise<void>> {
    return {
      "sender killed": () => {
        this.#sending?.kill("SIGKILL");
        return Promise.resolve();
      },
      "connections cut": () => {
        this.#wire.cut();
        this.#amsWire.cut();
        return Promise.resolve();
      },
      "DN list rewritten": () => this.#rewriteDns(),
      "logs rotated": () => this.#rotateLogs(),
    };
  }

  /** The others. */
  get hardFaults(): Record<string, () => Promise<void>> {
    return {
      "receiver killed": () => this.#restartReceiver("SIGKILL"),
      "receiver restarted": () => this.#restartReceiver("SIGTERM"),
      "broker killed": () => this.#broker.restart("SIGKILL"),
      "broker restarted": () => this.#broker.restart("SIGTERM"),
      "AMS killed": () => this.#ams.restart("SIGKILL"),
      "AMS restarted": () => this.#ams.restart("SIGTERM"),
    };
  }

  async #restartReceiver(signal: Deno.Signal): Promise<void> {
    const { parties, receiver } = this.#traffic[
      this.#random.from(0, this.#traffic.length - 1)
    ]!;
    if (this.#random.oneIn(2)) makeOld(parties.receiver.path);
    await receiver.restart(signal);
  }

  /** As a tool does it that is not careful: for a moment it is empty. */
  async #rewriteDns(): Promise<void> {
    for (const { parties: { receiver: { dnFile, signer } } } of this.#traffic) {
      await Deno.writeTextFile(dnFile, "");
      await new Promise((resolve) => setTimeout(resolve, 100));
      await Deno.writeTextFile(
        dnFile,
        `/CN=${crypto.randomUUID()}\n${signer}\n`,
      );
    }
  }

  async #rotateLogs(): Promise<void> {
    this.#rotations++;
    for (const { parties, receiver } of this.#traffic) {
      const { logfile } = parties.receiver;
      await Deno.rename(logfile, `${logfile}.${this.#rotations}`);
      receiver.running.kill("SIGHUP");
    }
  }

  /** Measures those that run all the time. */
  sample(): void {
    this.#watch("broker", this.#broker);
    this.#watch("AMS", this.#ams);
    const [ssm2, ssm1, ams] = this.#traffic;
    if (ssm2) this.#watch("receiver of SSM2", ssm2.receiver);
    if (ssm1) this.#watch("consumer of SSM1", ssm1.receiver);
    if (ams) this.#watch("receiver of AMS", ams.receiver);
  }

  #watch(name: string, { running }: Service): void {
    const samples = this.#resources.get(name) ?? new ResourceSamples();
    this.#resources.set(name, samples);
    samples.add(resourceUseOf(running.pid));
  }

  /** What was sampled, by process. */
  get resources(): ReadonlyMap<string, ResourceSamples> {
    return this.#resources;
  }

  /** Counts files, and lines of logs. */
  get progress(): Progress {
    let sent = this.#stranger.sent;
    let arrived = 0;
    let rejected = 0;
    for (const { parties: { senders, receiver } } of this.#traffic) {
      for (const { outgoing } of senders) sent += outgoing.files.size;
      arrived += linesOf(receiver, /saved to incoming queue/g);
      rejected += linesOf(receiver, /saved to reject queue/g);
    }
    return { sent, arrived, rejected };
  }

  /** Brings the rest through and looks at everything; what is wrong. */
  async finish(): Promise<Findings> {
    let findings = NO_FINDINGS;
    await this.#stranger.send();
    for (const { parties, receiver, consumer } of this.#traffic) {
      await receiver.restart("SIGTERM");
      await bringThrough(parties, receiver.running, spawn);
      await receiver.running.stop();
      const taken = await consumer.stop();
      await tidyUp(parties, spawn);
      findings = merged(findings, await examine(parties, taken));
    }
    return merged(findings, await this.#examineReject());
  }

  /** Each of the stranger's messages is there, once, and nobody else's. */
  async #examineReject(): Promise<Findings> {
    const waiting = await this.#stranger.waiting();
    const rejected = this.#traffic.flatMap(({ parties: { receiver } }) =>
      filesIn(`${receiver.path}/reject`)
    );
    const ids = rejected.filter((path) => path.endsWith("/empaid"))
      .map((path) => Deno.readTextFileSync(path));
    const others = rejected.filter((path) => /\/error$|\.err$/.test(path))
      .map((path) => Deno.readTextFileSync(path))
      .filter((error) => !error.includes("Signer not in valid DNs list"));
    const missing = this.#stranger.sent - waiting - new Set(ids).size;
    return {
      ...NO_FINDINGS,
      lost: Array(Math.max(missing, 0)).fill("a stranger's message"),
      doubled: ids.filter((id, index) => ids.indexOf(id) !== index),
      strange: others,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** In all logs of a receiver. */
function linesOf({ logfile }: Receiver, pattern: RegExp): number {
  const at = logfile.lastIndexOf("/");
  let count = 0;
  for (const { name } of Deno.readDirSync(logfile.slice(0, at))) {
    if (!name.startsWith(logfile.slice(at + 1))) continue;
    const text = Deno.readTextFileSync(`${logfile.slice(0, at)}/${name}`);
    count += text.match(pattern)?.length ?? 0;
  }
  return count;
}

function merged(one: Findings, other: Findings): Findings {
  const names = Object.keys(NO_FINDINGS) as (keyof Findings)[];
  const pairs = names.map((name) => [name, [...one[name], ...other[name]]]);
  return Object.fromEntries(pairs) as unknown as Findings;
}
