/**
 * What a client has said since BEGIN, to be done at COMMIT or never.
 *
 * @module
 */
import type { Frame } from "../../stomp/mod.ts";
import { memorySize } from "../message/message.ts";
import { overLimit, quote, refusal, required } from "../message/refusal.ts";
import type { Outgoing } from "../routing/router.ts";
import type { Delivery } from "../subscription/subscription.ts";

/** How many transactions a client may have, and how much each may hold. */
export interface TransactionLimits {
  /** Transactions begun and not ended. */
  readonly maxTransactions: number;
  /** Messages sent, acknowledged or refused in one. */
  readonly maxTransactionOperations: number;
  /** Size of the messages sent in one, in bytes. */
  readonly maxTransactionBytes: number;
}

/** Collects operations. */
export class Transaction {
  readonly #name: string;
  readonly #limits: TransactionLimits;
  readonly #onGrowth: (bytes: number) => void;
  readonly #sends: Outgoing[] = [];
  readonly #acked: Delivery[] = [];
  readonly #refused: Delivery[] = [];
  readonly #rejected: Delivery[] = [];
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
  get sends(): readonly Outgoing[] {
    return this.#sends;
  }

  /** Deliveries to be acknowledged. */
  get acked(): readonly Delivery[] {
    return this.#acked;
  }

  /** Deliveries to be given back. */
  get refused(): readonly Delivery[] {
    return this.#refused;
  }

  /** Deliveries not to be delivered again. */
  get rejected(): readonly Delivery[] {
    return this.#rejected;
  }

  /** @throws {SsmError} `LIMIT` */
  addSend(send: Outgoing): void {
    const bytes = memorySize(send.frame);
    this.#makeRoom(1, bytes);
    this.#sends.push(send);
    this.#onGrowth(bytes);
  }

  /** @throws {SsmError} `LIMIT` */
  addAck(deliveries: readonly Delivery[]): void {
    this.#hold(deliveries, this.#acked);
  }

  /** @throws {SsmError} `LIMIT` */
  addNack(deliveries: readonly Delivery[], how: "refuse" | "reject"): void {
    this.#hold(
      deliveries,
      how === "reject" ? this.#rejected : this.#refused,
    );
  }

  /** Forgets everything: the deliveries are unacknowledged again. */
  abort(): void {
    for (const list of [this.#acked, this.#refused, this.#rejected]) {
      for (const delivery of list) delivery.subscription.unhold(delivery);
    }
  }

  #hold(deliveries: readonly Delivery[], list: Delivery[]): void {
    this.#makeRoom(deliveries.length, 0);
    for (const delivery of deliveries) {
      list.push(delivery);
      delivery.subscription.hold(delivery);
    }
  }

  #makeRoom(operations: number, bytes: number): void {
    const count = this.#sends.length + this.#acked.length +
      this.#refused.length + this.#rejected.length + operations;
    this.#bytes += bytes;
    const { maxTransactionOperations, maxTransactionBytes } = this.#limits;
    if (
      count > maxTransactionOperations || this.#bytes > maxTransactionBytes
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
