/**
 * What a client has said since BEGIN, to be done at COMMIT or never.
 *
 * @module
 */
import type { Frame } from "../../stomp/mod.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import { memorySize } from "../message/message.ts";
import { overLimit, quote, refusal, required } from "../message/refusal.ts";
import type { RoutedSend } from "../routing/router.ts";
import type { Delivery } from "../subscription/subscription.ts";

/** How many transactions a client may have, and how much each may hold. */
type TransactionLimits = Pick<
  BrokerLimits,
  "maxTransactions" | "maxTransactionOperations" | "maxTransactionBytes"
>;

/** What becomes of a delivery: done with, back to its queue, or never to be delivered again. */
export type Ending = "acked" | "refused" | "rejected";

/** Collects operations. */
export class Transaction {
  readonly #name: string;
  readonly #limits: TransactionLimits;
  readonly #onGrowth: (bytes: number) => void;
  readonly #sends: RoutedSend[] = [];
  readonly #deliveries: Record<Ending, Delivery[]> = {
    acked: [],
    refused: [],
    rejected: [],
  };
  #operations = 0;
  #bytes = 0;

  /** @param onGrowth told how much larger it has become */
  constructor(
    name: string,
    limits: TransactionLimits,
    onGrowth: (bytes: number) => void,
  ) {
    this.#name = name;
    this.#limits = limits;
    this.#onGrowth = onGrowth;
  }

  /** Size of the messages to be sent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages to be sent, in order. */
  get sends(): readonly RoutedSend[] {
    return this.#sends;
  }

  /** Deliveries that come to their end. */
  get deliveries(): Readonly<Record<Ending, readonly Delivery[]>> {
    return this.#deliveries;
  }

  /** @throws {SsmError} `LIMIT` */
  send(send: RoutedSend): void {
    const bytes = memorySize(send.frame);
    this.#makeRoom(1, bytes);
    this.#sends.push(send);
    this.#onGrowth(bytes);
  }

  /** @throws {SsmError} `LIMIT` */
  end(deliveries: readonly Delivery[], ending: Ending): void {
    this.#makeRoom(deliveries.length, 0);
    for (const delivery of deliveries) {
      this.#deliveries[ending].push(delivery);
      delivery.subscription.hold(delivery);
    }
  }

  /** Forgets everything: the deliveries are unacknowledged again. */
  abort(): void {
    for (const delivery of Object.values(this.#deliveries).flat()) {
      delivery.subscription.unhold(delivery);
    }
  }

  #makeRoom(operations: number, bytes: number): void {
    this.#operations += operations;
    this.#bytes += bytes;
    const { maxTransactionOperations, maxTransactionBytes } = this.#limits;
    if (
      this.#operations > maxTransactionOperations ||
      this.#bytes > maxTransactionBytes
    ) {
      throw overLimit(
        `Cannot add to transaction ${quote(this.#name)}: it is limited to ` +
          `${maxTransactionOperations} operations and ${maxTransactionBytes} bytes`,
      );
    }
  }
}

/** The open transactions of one client, by the names it gave them. */
export class Transactions {
  readonly #limits: TransactionLimits;
  readonly #onHeld: (bytes: number) => void;
  readonly #open = new Map<string, Transaction>();
  #bytes = 0;

  /** @param onHeld told how many bytes all of them hold */
  constructor(limits: TransactionLimits, onHeld: (bytes: number) => void) {
    this.#limits = limits;
    this.#onHeld = onHeld;
  }

  /** How many there are. */
  get size(): number {
    return this.#open.size;
  }

  /** Does BEGIN. @throws {SsmError} `STOMP_PROTOCOL`, `LIMIT` */
  begin(frame: Frame): void {
    const name = required(frame, "transaction");
    if (this.#open.has(name)) {
      throw refusal(`Cannot begin: transaction ${quote(name)} is open already`);
    }
    const { maxTransactions } = this.#limits;
    if (this.#open.size >= maxTransactions) {
      throw overLimit(
        `Cannot begin: a connection may have ${maxTransactions} transactions`,
      );
    }
    const grow = (bytes: number) => this.#hold(this.#bytes + bytes);
    this.#open.set(name, new Transaction(name, this.#limits, grow));
  }

  /** The transaction that a frame belongs to, if it names one. @throws {SsmError} `STOMP_PROTOCOL` */
  of(frame: Frame): Transaction | undefined {
    const name = frame.headers.get("transaction");
    return name === undefined ? undefined : this.#find(name);
  }

  /** Takes out the transaction that COMMIT or ABORT ends. @throws {SsmError} `STOMP_PROTOCOL` */
  take(frame: Frame): Transaction {
    const name = required(frame, "transaction");
    const transaction = this.#find(name);
    this.#open.delete(name);
    this.#hold(this.#bytes - transaction.bytes);
    return transaction;
  }

  /** Aborts all of them. */
  clear(): void {
    for (const transaction of this.#open.values()) transaction.abort();
    this.#open.clear();
    this.#hold(0);
  }

  #hold(bytes: number): void {
    this.#bytes = bytes;
    this.#onHeld(bytes);
  }

  #find(name: string): Transaction {
    const transaction = this.#open.get(name);
    if (transaction === undefined) {
      throw refusal(`Cannot find an open transaction ${quote(name)}`);
    }
    return transaction;
  }
}
