/**
 * The loads that brokers are compared under: the same client, the same frames
 * and the same waiting for each of them.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import type { StompClient } from "../../../lib/stomp/mod.ts";
import type { Contender } from "./contenders.ts";
import { forgetPeak, peakMb } from "../memory.ts";

/** What a broker did under a load. */
export interface Figures {
  /** Messages sent and received; of a topic, received by all subscribers together. */
  readonly perSecond: number;
  /** In ms: to the receipt from a queue, to the delivery from a topic. */
  readonly p50: number;
  readonly p99: number;
  /** How much of one core this process took; near 1 it, not the broker, sets the pace. */
  readonly generator: number;
  /** Largest resident memory of the broker under this load. */
  readonly peakMb: number;
}

/** How many, how large, and for how long. */
export interface Load {
  readonly kind: "queue" | "topic";
  /** Producers of the queue, or subscribers of the topic. */
  readonly clients: number;
  readonly bytes: number;
  /** Sending ends then; all that was sent is waited for. */
  readonly seconds: number;
}

/** Messages a topic's publisher is ahead of its slowest subscribers, on average. */
const TOPIC_WINDOW = 64;

/** How long the last messages may take, in ms. */
const DRAIN_MS = 20_000;

/** Puts a broker under a load. @throws {Error} when messages get lost */
export async function run(broker: Contender, load: Load): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const connect = async () => stack.use(await broker.connect());
  forgetPeak(broker.pid);
  const work = load.kind === "queue" ? loadQueue : loadTopic;
  const { seconds, cpuSeconds, latencies } = await work(connect, load);
  latencies.sort();
  return {
    perSecond: latencies.length / seconds,
    generator: cpuSeconds / seconds,
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? NaN,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? NaN,
    peakMb: peakMb(broker.pid),
  };
}

interface Work {
  /** From the first SEND to the last MESSAGE. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** One for every message, in ms. */
  readonly latencies: Float64Array;
}

/** Producers that each wait for one receipt at a time, and a consumer that acknowledges. */
async function loadQueue(
  connect: () => Promise<StompClient>,
  { clients, bytes, seconds }: Load,
): Promise<Work> {
  const queue = `/queue/bench-${crypto.randomUUID()}`;
  const consumer = await connect();
  const messages = await consumer.subscribe(queue, { receipt: true });
  const received = new Count();
  const consuming = (async () => {
    for await (const message of messages) {
      message.ack();
      received.add();
    }
  })();
  const producers = await Promise.all(Array.from({ length: clients }, connect));
  const body = new Uint8Array(bytes).fill(97);
  const latencies: number[] = [];
  const watch = startWatch();
  const end = performance.now() + seconds * 1000;
  await Promise.all(producers.map(async (producer) => {
    let now = performance.now();
    while (now < end) {
      const sent = now;
      await producer.send(queue, body, {
        receipt: true,
        headers: { persistent: "true" },
      });
      now = performance.now();
      latencies.push(now - sent);
    }
  }));
  await received.reach(latencies.length);
  const spent = watch();
  await consumer.disconnect();
  await consuming;
  return { ...spent, latencies: Float64Array.from(latencies) };
}

/** One publisher without receipts, held back only by what the subscribers have yet to get. */
async function loadTopic(
  connect: () => Promise<StompClient>,
  { clients, bytes, seconds }: Load,
): Promise<Work> {
  const topic = `/topic/bench-${crypto.randomUUID()}`;
  const subscribers = await Promise.all(
    Array.from({ length: clients }, connect),
  );
  const received = new Count();
  const sentAt: number[] = [];
  const latencies: number[] = [];
  const receiving = await Promise.all(subscribers.map(async (subscriber) => {
    const messages = await subscriber.subscribe(topic, {
      ack: "auto",
      receipt: true,
    });
    return async () => {
      let next = 0;
      for await (const _ of messages) {
        // Topics keep the order, so the first that came was the first sent.
        latencies.push(performance.now() - sentAt[next++]!);
        received.add();
      }
    };
  })).then((loops) => loops.map((loop) => loop()));
  const publisher = await connect();
  const body = new Uint8Array(bytes).fill(97);
  const watch = startWatch();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    await received.reach((sentAt.length + 1 - TOPIC_WINDOW) * clients);
    sentAt.push(performance.now());
    await publisher.send(topic, body);
  }
  await received.reach(sentAt.length * clients);
  const spent = watch();
  await Promise.all(subscribers.map((one) => one.disconnect()));
  await Promise.all(receiving);
  return { ...spent, latencies: Float64Array.from(latencies) };
}

function startWatch(): () => Pick<Work, "seconds" | "cpuSeconds"> {
  const started = performance.now();
  const before = cpuUsage();
  return () => {
    const { user, system } = cpuUsage(before);
    return {
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: (user + system) / 1e6,
    };
  };
}

/** Counts messages, for one that waits for a number of them. */
class Count {
  #count = 0;
  #wanted = Infinity;
  #reached = Promise.withResolvers<void>();

  add(): void {
    if (++this.#count >= this.#wanted) this.#reached.resolve();
  }

  /** Waits until there have been so many. @throws {Error} when there are not in time */
  async reach(wanted: number): Promise<void> {
    if (this.#count >= wanted) return;
    this.#wanted = wanted;
    this.#reached = Promise.withResolvers();
    const timer = setTimeout(
      () =>
        this.#reached.reject(
          new Error(`Lost messages: ${this.#count} of ${wanted} came`),
        ),
      DRAIN_MS,
    );
    try {
      await this.#reached.promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
