/**
 * A transaction: frames that take effect together or not at all.
 *
 * @module
 */
import type { StompMessage } from "./message.ts";
import type { ReceiptOption, SendOptions } from "./options.ts";

/** What a transaction needs of its client. */
interface TransactionHost {
  send(
    destination: string,
    body: Uint8Array,
    options: SendOptions,
  ): Promise<void>;
  control(
    command: "COMMIT" | "ABORT",
    transaction: string,
    options: ReceiptOption,
  ): Promise<void>;
}

/** A transaction that is open until it is committed or aborted. */
export class StompTransaction implements AsyncDisposable {
  /** Its id on the wire. */
  readonly id: string;
  readonly #host: TransactionHost;
  #open = true;

  /** Use `StompClient.begin()`. */
  constructor(id: string, host: TransactionHost) {
    this.id = id;
    this.#host = host;
  }

  /** Sends a message when the transaction is committed; see `StompClient.send()`. */
  async send(
    destination: string,
    body: Uint8Array,
    options: Omit<SendOptions, "transaction"> = {},
  ): Promise<void> {
    this.#mustBeOpen();
    await this.#host.send(destination, body, {
      ...options,
      transaction: this.id,
    });
  }

  /** Confirms a message when the transaction is committed. */
  async ack(message: StompMessage, options: ReceiptOption = {}): Promise<void> {
    this.#mustBeOpen();
    await message.ack({ ...options, transaction: this.id });
  }

  /** Gives a message back when the transaction is committed. */
  async nack(
    message: StompMessage,
    options: ReceiptOption = {},
  ): Promise<void> {
    this.#mustBeOpen();
    await message.nack({ ...options, transaction: this.id });
  }

  /** Makes it all take effect; waits for the broker to say so unless told otherwise. */
  async commit(options: ReceiptOption = { receipt: true }): Promise<void> {
    await this.#close("COMMIT", options);
  }

  /** Makes none of it take effect. */
  async abort(options: ReceiptOption = {}): Promise<void> {
    await this.#close("ABORT", options);
  }

  /** Aborts, unless it was committed or aborted before. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Without a connection the broker aborts it by itself.
    if (this.#open) await this.abort().catch(() => {});
  }

  async #close(
    command: "COMMIT" | "ABORT",
    options: ReceiptOption,
  ): Promise<void> {
    this.#mustBeOpen();
    this.#open = false;
    await this.#host.control(command, this.id, options);
  }

  #mustBeOpen(): void {
    if (!this.#open) {
      throw new TypeError(`The transaction "${this.id}" is no longer open`);
    }
  }
}
