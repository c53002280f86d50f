/**
 * A receiver on a messaging service in memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  AmsIncomingCarrier,
  type AmsIncomingOptions,
  type Filed,
  type OpeningEnvelope,
  receive,
} from "../../../../lib/ssm/mod.ts";
import type { Delivery } from "../../../../lib/ssm/carrier.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { plainEnvelope } from "../../../kit/receiving.ts";
import { Stage } from "../../../kit/stage.ts";
import { text } from "../../../kit/text.ts";
import { Service } from "./service.ts";

export type Changes = Partial<AmsIncomingOptions>;

/** A clock that can jump to where somebody waits for. */
class JumpingClock extends ManualClock {
  readonly #due = new Set<{ readonly at: number }>();

  override after(ms: number, callback: () => void): () => void {
    const timer = { at: this.now() + ms };
    this.#due.add(timer);
    const cancel = super.after(ms, () => {
      this.#due.delete(timer);
      callback();
    });
    return () => {
      this.#due.delete(timer);
      cancel();
    };
  }

  jump(): void {
    const times = [...this.#due].map(({ at }) => at);
    if (times.length > 0) this.advance(Math.min(...times) - this.now());
  }
}

/** Its clock stands still until a test moves it. */
export class Receiver implements AsyncDisposable {
  readonly clock: JumpingClock;
  readonly service: Service;
  readonly stage: Stage;
  readonly carrier: AmsIncomingCarrier;
  readonly filed: Filed[] = [];
  #running: Promise<void> | undefined;
  #opened = 0;
  #wake = Promise.withResolvers<void>();

  private constructor(
    stage: Stage,
    changes: Changes,
    { clock, service }: { clock: JumpingClock; service: Service },
  ) {
    this.stage = stage;
    this.clock = clock;
    this.service = service;
    this.carrier = new AmsIncomingCarrier({
      connect: () => this.service.subscription(),
      host: "ams.example.org",
      destination: "S",
      log: stage.log,
      clock: this.clock,
      random: () => 0.5,
      ...changes,
    });
  }

  static async open(changes: Changes = {}): Promise<Receiver> {
    const clock = new JumpingClock();
    const service = new Service(clock);
    return new Receiver(await Stage.open(), changes, { clock, service });
  }

  /** Another one, with the same directories and on the same subscription. */
  another(changes: Changes = {}): Receiver {
    return new Receiver(this.stage, changes, this);
  }

  /** Runs the whole receiver. */
  async start(envelope: OpeningEnvelope = plainEnvelope): Promise<void> {
    const { stage, carrier, clock } = this;
    this.#running = receive({
      carrier,
      envelope: {
        open: (body) => {
          this.#opened++;
          return envelope.open(body);
        },
      },
      clock,
      log: stage.log,
      signal: stage.signal,
      incoming: await stage.delivery("incoming"),
      reject: await stage.delivery("reject"),
      onFiled: (filed) => {
        this.filed.push(filed);
        this.#wake.resolve();
      },
    });
    this.#running.catch(() => {});
  }

  /** Waits until so many are filed; their outcomes. */
  async until(count: number): Promise<Filed["outcome"][]> {
    while (this.filed.length < count) {
      this.#wake = Promise.withResolvers();
      await Promise.race([
        this.#wake.promise,
        this.#running?.then(() => assert.fail("the receiver has ended")),
      ]);
    }
    return this.filed.map(({ outcome }) => outcome);
  }

  /** Lets time pass, whenever nothing is being written, until something is so. */
  async passUntil(isSo: () => boolean): Promise<void> {
    for (let jumps = 0; !isSo(); jumps++) {
      assert.ok(jumps < 1000, "it never happens");
      do await settle(); while (this.#opened !== this.filed.length);
      if (!isSo()) this.clock.jump();
    }
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    this.stage.stop();
    await this.#running;
  }

  /** The carrier alone. */
  deliveries(): AsyncIterator<Delivery> {
    return this.carrier.deliveries(this.stage.signal)[Symbol.asyncIterator]();
  }

  /** What is in incoming. */
  async incoming(): Promise<string[]> {
    const elements = await this.stage.delivered("incoming");
    return elements.map(({ body }) => body!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.stage[Symbol.asyncDispose]();
  }
}

/** Lets everything run that does not wait for the clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** The next delivery, which must come. */
export async function next(
  deliveries: AsyncIterator<Delivery>,
): Promise<Delivery> {
  const { value, done } = await deliveries.next();
  assert.ok(!done, "it has ended");
  return value;
}

/** Confirms a delivery, as a receiver does; returns its text. */
export async function confirm(delivery: Delivery): Promise<string> {
  const { body: payload } = delivery;
  await delivery.ack({ status: "accepted", payload, signer: "/CN=anybody" });
  return text(payload);
}
