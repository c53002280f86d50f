/**
 * What one client is being fed from one destination.
 *
 * @module
 */
import type { SsmError } from "../../errors.ts";
import type { Frame, StompVersion } from "../../stomp/mod.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import type { Entry } from "../queues/backlog.ts";
import { browsedFrame, messageFrame } from "../message/message.ts";
import type { Viewer } from "../queues/browser.ts";
import type { Feed } from "../queues/queue.ts";
import type { Origin, TopicConsumer } from "../routing/topic.ts";
import type { SubscriptionWish } from "./subscribe_request.ts";

/** The way to the client. */
export interface Outlet {
  readonly version: StompVersion;
  /** More may be written right now. */
  readonly open: boolean;
  /** Writes a frame; `true` once it has left, `false` when it never will. Does not throw. */
  write(frame: Frame): Promise<boolean>;
  /** Makes an id for one delivery, unique in this connection. */
  nextDeliveryId(): string;
  /** Ends the connection with an ERROR frame. */
  fail(error: SsmError): void;
}

/** One message in the client's hands. */
export interface Delivery {
  /** The `ack` header of STOMP 1.2. */
  readonly id: string;
  /** By which older versions acknowledge. */
  readonly messageId: string;
  readonly entry: Entry;
  readonly subscription: Subscription;
  /** An ACK or NACK of it waits for a COMMIT. */
  held: boolean;
}

/** What a subscription works with. */
export interface SubscriptionOptions {
  /** What the client asked for. */
  readonly wish: SubscriptionWish;
  /** Full name of what it is fed from. */
  readonly path: string;
  /** Its window, where the client asks for none, and the largest in bytes. */
  readonly limits: Pick<BrokerLimits, "prefetch" | "prefetchBytes">;
  readonly outlet: Outlet;
  /** Called for what an `auto` subscription has delivered. */
  readonly onDelivered: (entry: Entry) => void;
}

/** Delivers messages within a window, and knows which are not acknowledged yet. */
export class Subscription implements TopicConsumer, Viewer {
  readonly wish: SubscriptionWish;
  readonly path: string;
  readonly #options: SubscriptionOptions;
  /** Messages that may be unacknowledged at once. */
  readonly #prefetch: number;
  /** Their bytes; one message is always allowed. */
  readonly #prefetchBytes: number;
  /** Unacknowledged deliveries by id, in the order of delivery. */
  readonly #pending = new Map<string, Delivery>();
  #pendingBytes = 0;
  #heldCount = 0;
  #heldBytes = 0;
  #feed: Feed | undefined;
  #ended = false;

  constructor(options: SubscriptionOptions) {
    const { wish, path, limits } = options;
    const { prefetch, prefetchBytes = Infinity } = wish;
    this.wish = wish;
    this.path = path;
    this.#options = options;
    this.#prefetch = prefetch ?? limits.prefetch;
    this.#prefetchBytes = Math.min(prefetchBytes, limits.prefetchBytes);
  }

  /** How many deliveries are not acknowledged yet. */
  get pending(): number {
    return this.#pending.size;
  }

  get exclusive(): boolean {
    return this.wish.exclusive === true;
  }

  get client(): Outlet {
    return this.#options.outlet;
  }

  get ready(): boolean {
    return this.#options.outlet.open && !this.#ended &&
      this.#pending.size - this.#heldCount < this.#prefetch &&
      this.#pendingBytes - this.#heldBytes < this.#prefetchBytes;
  }

  /** Begins to take messages, unless it has ended already. */
  start(connect: (consumer: this) => Feed): void {
    this.#feed = connect(this);
    if (this.#ended) this.#feed.cancel([]);
  }

  ignores(origin: Origin | undefined): boolean {
    return this.wish.noLocal === true && origin === this.#options.outlet;
  }

  seen(): void {
    const frame = browsedFrame(this.path, this.wish.id);
    void this.#options.outlet.write(frame);
  }

  /** There may be room on the way to the client again. */
  resume(): void {
    this.#feed?.resume();
  }

  deliver(entry: Entry): void {
    const { outlet } = this.#options;
    const { message } = entry;
    entry.deliveries++;
    const delivery: Delivery = {
      id: outlet.nextDeliveryId(),
      messageId: message.id,
      entry,
      subscription: this,
      held: false,
    };
    this.#pending.set(delivery.id, delivery);
    this.#pendingBytes += entry.size;
    const written = outlet.write(messageFrame(message, {
      version: outlet.version,
      subscription: this.wish.id,
      ack: this.#auto ? undefined : delivery.id,
      deliveries: entry.deliveries,
    }));
    if (this.#auto) this.#finishWhenWritten(delivery, written);
  }

  /** The delivery that an ACK or NACK names, if it may be acknowledged. */
  find(by: { id: string } | { messageId: string }): Delivery | undefined {
    if (this.#auto) return undefined;
    if ("id" in by) return this.#pending.get(by.id);
    for (const delivery of this.#pending.values()) {
      if (delivery.messageId === by.messageId) return delivery;
    }
    return undefined;
  }

  /** Everything that is acknowledged along with `delivery`, itself included. */
  coveredBy(delivery: Delivery): Delivery[] {
    if (this.wish.ack !== "client") return [delivery];
    const covered: Delivery[] = [];
    for (const earlier of this.#pending.values()) {
      if (!earlier.held) covered.push(earlier);
      if (earlier === delivery) break;
    }
    return covered;
  }

  /** Sets a delivery aside until a transaction ends; it leaves room in the window. */
  hold(delivery: Delivery): void {
    delivery.held = true;
    this.#heldCount++;
    this.#heldBytes += delivery.entry.size;
    this.resume();
  }

  /** The transaction came to nothing: the delivery is unacknowledged again. */
  unhold(delivery: Delivery): void {
    this.#release(delivery);
    // Of a subscription that has ended meanwhile nothing stays with the client.
    if (this.#ended) this.giveBack([delivery]);
  }

  /** The client is done with it. */
  finish(delivery: Delivery): void {
    if (this.#remove(delivery)) this.resume();
  }

  /** The client refuses them: they go back to the queue, and that counts. */
  refuse(deliveries: readonly Delivery[]): void {
    for (const { entry } of deliveries) entry.failures++;
    this.giveBack(deliveries);
  }

  /** They could not be delivered or acknowledged: they go back to the queue. */
  giveBack(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#remove(delivery);
    // Before there is room again: else a newer message would take their place.
    this.#feed?.giveBack(deliveries.map(({ entry }) => entry));
    this.resume();
  }

  /** The client refuses them for good: they are not to be delivered again. */
  reject(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#remove(delivery);
    this.#feed?.reject(deliveries.map(({ entry }) => entry));
    this.resume();
  }

  /**
   * The client unsubscribes. What is unacknowledged goes back to its queue,
   * except what an `auto` subscription is writing just now, and what waits for
   * the end of a transaction.
   *
   * @returns what has gone back although the client may still acknowledge it
   */
  cancel(): Delivery[] {
    const back = this.#auto
      ? []
      : [...this.#pending.values()].filter(({ held }) => !held);
    for (const delivery of back) this.#remove(delivery);
    this.#end(back);
    return back;
  }

  /**
   * The connection ends: everything that is unacknowledged goes back, at once.
   *
   * @param lost it broke off; the message the client had in hand may be why.
   */
  end({ lost = false }: { lost?: boolean } = {}): void {
    const deliveries = [...this.#pending.values()];
    const [oldest] = deliveries;
    if (lost && !this.#auto && oldest) oldest.entry.failures++;
    this.#pending.clear();
    this.#end(deliveries);
  }

  /** What is written counts as acknowledged. */
  get #auto(): boolean {
    return this.wish.ack === "auto";
  }

  #end(back: readonly Delivery[]): void {
    this.#ended = true;
    this.#feed?.cancel(back.map(({ entry }) => entry));
  }

  #remove(delivery: Delivery): boolean {
    if (!this.#pending.delete(delivery.id)) return false;
    if (delivery.held) this.#release(delivery);
    this.#pendingBytes -= delivery.entry.size;
    return true;
  }

  #release(delivery: Delivery): void {
    delivery.held = false;
    this.#heldCount--;
    this.#heldBytes -= delivery.entry.size;
  }

  async #finishWhenWritten(
    delivery: Delivery,
    written: Promise<boolean>,
  ): Promise<void> {
    const left = await written;
    if (!this.#pending.has(delivery.id)) return;
    if (left) {
      this.finish(delivery);
      this.#options.onDelivered(delivery.entry);
    } else {
      this.giveBack([delivery]);
    }
  }
}
