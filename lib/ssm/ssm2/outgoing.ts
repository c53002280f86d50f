/**
 * SSM2 (EMPA) over STOMP, the sending side.
 *
 * A message is pending from `send` until its own RECEIPT. Whatever is pending
 * when a connection breaks is sent again, in the same order, on the next one.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { ReconnectingClient } from "../../stomp/mod.ts";
import {
  leave,
  openOutgoingClient,
  type OutgoingOptions,
  unsendable,
  whyNotSent,
} from "../brokers.ts";
import type { OutgoingCarrier } from "../carrier.ts";
import type { Sealed } from "../envelope.ts";

/** Sends sealed messages and waits for the broker's receipts. */
export class Ssm2OutgoingCarrier implements OutgoingCarrier {
  readonly #options: OutgoingOptions;
  #client: ReconnectingClient | undefined;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { log, destination } = this.#options;
    if (this.#client && this.#client.state !== "disconnected") {
      await this.#client.connection();
      return;
    }
    this.#client = openOutgoingClient(this.#options);
    await this.#client.connection();
    log.info(`Will send messages to: ${destination}`);
  }

  async send(id: string, { body }: Sealed): Promise<void> {
    const { log, destination } = this.#options;
    const client = this.#client;
    if (client === undefined) {
      throw new SsmError("ABORTED", "The connection was closed on request");
    }
    // Line ends in a header are beyond STOMP 1.0, and beyond many a receiver.
    if (/[\r\n]/.test(id)) {
      throw unsendable(id, new Error("its name has a line end"));
    }
    try {
      await client.send(destination, body, {
        receipt: id,
        headers: { "empa-id": id, persistent: "true" },
      });
    } catch (error) {
      throw whyNotSent(client, id, error);
    }
    log.info(`Broker received message: ${id}`);
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client) await leave(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
