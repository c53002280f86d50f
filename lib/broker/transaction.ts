/**
 * What a client has said since BEGIN, to be done at COMMIT or never.
 *
 * @module
 */
import { overLimit, quote } from "./refusal.ts";
import type { Outgoing } from "./router.ts";
import type { Delivery } from "./subscription.ts";

/** How much a transaction may hold. */
export interface TransactionLimits {
  /** SEND, ACK and NACK frames, and the messages they cover. */
  readonly maxOperations: number;
  /** Bytes of the bodies of SEND frames. */
  readonly maxBytes: number;
}

/** Collects operations. */
export class Transaction {
  readonly #name: string;
  readonly #limits: TransactionLimits;
  readonly #sends: Outgoing[] = [];
  readonly #acked: Delivery[] = [];
  readonly #refused: Delivery[] = [];
  #bytes = 0;

  constructor(name: string, limits: TransactionLimits) {
    this.#name = name;
    this.#limits = limits;
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

  /** @throws {SsmError} `LIMIT` */
  addSend(send: Outgoing): void {
    this.#makeRoom(1, send.frame.body.length);
    this.#sends.push(send);
  }

  /** @throws {SsmError} `LIMIT` */
  addAck(deliveries: readonly Delivery[]): void {
    this.#hold(deliveries, this.#acked);
  }

  /** @throws {SsmError} `LIMIT` */
  addNack(deliveries: readonly Delivery[]): void {
    this.#hold(deliveries, this.#refused);
  }

  /** Forgets everything: the deliveries are unacknowledged again. */
  abort(): void {
    for (const delivery of [...this.#acked, ...this.#refused]) {
      delivery.subscription.unhold(delivery);
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
      this.#refused.length + operations;
    this.#bytes += bytes;
    const { maxOperations, maxBytes } = this.#limits;
    if (count > maxOperations || this.#bytes > maxBytes) {
      throw overLimit(
        `Cannot add to transaction ${quote(this.#name)}: ` +
          `it is limited to ${maxOperations} operations and ${maxBytes} bytes`,
      );
    }
  }
}
