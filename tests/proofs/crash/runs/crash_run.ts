/**
 * Files on their way from outgoing to incoming, while everything in between
 * dies, again and again.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { TestPki } from "../../../kit/pki/test_pki.ts";
import type { MortalBroker } from "./brokers.ts";
import type { Arrival } from "../parties/consumer.ts";
import { type Death, Deaths } from "../deaths/deaths.ts";
import {
  bringThrough,
  examine,
  NO_FINDINGS,
  tidyUp,
} from "../verdict/ending.ts";
import { filesIn, makeOld } from "../verdict/leftovers.ts";
import { dies, live } from "../deaths/mortal_process.ts";
import type { Parties, PartiesOptions, Sender } from "../parties/parties.ts";
import type { Random } from "../../../kit/random.ts";

/** How many are to die of each role. */
export interface Toll {
  /** All of them together. */
  readonly senders: number;
  readonly receivers: number;
  readonly brokers: number;
}

/** A run. */
export interface CrashRunOptions {
  readonly pki: TestPki;
  readonly broker: MortalBroker;
  readonly meet: (options: PartiesOptions) => Promise<Parties>;
  readonly toll: Toll;
  readonly random: Random;
}

/** Files that wait when a sender starts: enough to come to the sixth mark of each kind. */
const WAITING = 10;

/** A run takes a minute; one by hand may take an hour. */
const MAX_RUN_MS = 2 * 3_600_000;

/** Kills as many as the toll says, and checks what has become of the files; a sentence about it. */
export async function crashRun(options: CrashRunOptions): Promise<string> {
  const { pki, broker: { port }, random } = options;
  // At first, in case there is no end. Processes are no clockwork: the same seed
  // gives the same deaths, but not the same run.
  console.log(`seed ${random.seed}`);
  await using parties = await options.meet({ pki, port, random });
  return await new CrashRun(options, parties).run();
}

class CrashRun {
  readonly #parties: Parties;
  readonly #broker: MortalBroker;
  readonly #random: Random;
  readonly #senders: readonly { sender: Sender; deaths: Deaths }[];
  readonly #receivers: Deaths;
  readonly #brokers: Deaths;
  #failed = false;

  constructor({ broker, random, toll }: CrashRunOptions, parties: Parties) {
    const { senders, receiver } = parties;
    this.#parties = parties;
    this.#broker = broker;
    this.#random = random;
    this.#senders = senders.map((sender) => ({
      sender,
      deaths: new Deaths(sender.marks, toll.senders / senders.length, random),
    }));
    this.#receivers = new Deaths(receiver.marks, toll.receivers, random);
    this.#brokers = new Deaths(broker.marks, toll.brokers, random);
  }

  async run(): Promise<string> {
    const { receiver } = this.#parties;
    await using consumer = receiver.consume({ limitMs: MAX_RUN_MS });
    await this.#killAll();
    await this.#finish();
    const taken = await consumer.stop();
    await tidyUp(this.#parties, live);
    await this.#judge(taken);
    return await this.#summary();
  }

  /** Ends when all have died who are to die, or one of them could not. */
  async #killAll(): Promise<void> {
    const works = [
      this.#killBrokers(),
      this.#killReceivers(),
      this.#killSenders(),
    ].map((work) => this.#watch(work));
    for (const result of await Promise.allSettled(works)) {
      if (result.status === "rejected") throw result.reason;
    }
  }

  /** The failure of one ends the work of the others. */
  async #watch(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** Whether somebody is still to die. */
  get #goesOn(): boolean {
    const all = [this.#brokers, this.#receivers];
    for (const { deaths } of this.#senders) all.push(deaths);
    return !this.#failed && all.some(({ left }) => left > 0);
  }

  async #killBrokers(): Promise<void> {
    while (this.#brokers.left > 0 && !this.#failed) {
      await this.#brokers.next((death) => this.#broker.dies(death));
    }
    await this.#broker.settle();
  }

  async #killReceivers(): Promise<void> {
    const { path, args } = this.#parties.receiver;
    while (this.#goesOn) {
      // Now the next one finds what the last one left, now it takes it for old.
      if (this.#random.oneIn(2)) makeOld(path);
      const receive = (death: Death) => dies(death, args);
      if (this.#receivers.left > 0) await this.#receivers.next(receive);
      // Senders and brokers die over messages that somebody takes.
      else await receive({ order: {}, afterMs: this.#random.from(500, 3000) });
    }
  }

  async #killSenders(): Promise<void> {
    for (let turn = 0; this.#goesOn; turn++) {
      const { sender, deaths } = this.#senders[turn % this.#senders.length]!;
      await sender.outgoing.fill(WAITING);
      if (!this.#random.oneIn(3)) makeOld(sender.path);
      const send = (death: Death) => dies(death, sender.args);
      if (deaths.left > 0) await deaths.next(send);
      else await send({ order: {} });
    }
  }

  /** Brings everything through that is still on its way. */
  async #finish(): Promise<void> {
    makeOld(this.#parties.receiver.path);
    const { args, ready } = this.#parties.receiver;
    await using receiver = live(args);
    await receiver.line(ready);
    await bringThrough(this.#parties, receiver, live);
    const { status, stdout, stderr } = await receiver.stop();
    assert.equal(status, 0, stdout + stderr);
  }

  async #judge(taken: readonly Arrival[]): Promise<void> {
    assert.deepEqual(await examine(this.#parties, taken), NO_FINDINGS);
    const { path, pidfile } = this.#parties.receiver;
    const rejected = filesIn(`${path}/reject`)
      .filter((file) => /error$|\.err$/.test(file))
      .map((file) => Deno.readTextFileSync(file));
    assert.deepEqual(rejected, []);
    await assert.rejects(Deno.stat(pidfile), Deno.errors.NotFound);
  }

  async #summary(): Promise<string> {
    const { logfile, again } = this.#parties.receiver;
    const log = (await Deno.readTextFile(logfile)).split("\n");
    const repetitions = log.filter((line) => again.test(line)).length;
    // Otherwise nothing was proven about the memory of what was delivered.
    assert.ok(repetitions > 0, "No message came twice");
    const senders = this.#senders.reduce(
      (n, { deaths }) => n + deaths.count,
      0,
    );
    const files = this.#senders
      .reduce((n, { sender }) => n + sender.outgoing.files.size, 0);
    const [receivers, brokers] = [this.#receivers.count, this.#brokers.count];
    return `${senders + receivers + brokers} kills ` +
      `(${senders} senders, ${receivers} receivers, ${brokers} brokers), ` +
      `${files} files, ${repetitions} repetitions recognised, 0 lost, 0 doubled`;
  }
}
