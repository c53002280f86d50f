/**
 * A message as it was received.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type {
  Frame,
  FrameHeaders,
  StompVersion,
  Trimmed,
} from "../frame/frame.ts";

/** How a subscription acknowledges: at once, all up to one, or one by one. */
export type AckMode = "auto" | "client" | "client-individual";

/** What may go with an acknowledgement. */
export interface AckOptions {
  /** Asks for a receipt, of this id or of any. @default none */
  receipt?: string | true | undefined;
  /** The transaction it belongs to. @default none */
  transaction?: string | undefined;
}

/** Sends ACK and NACK frames with these headers. */
export type Acknowledge = (
  command: "ACK" | "NACK",
  headers: Readonly<Record<string, string>>,
  options: AckOptions,
) => Promise<void>;

/** One message of a subscription. */
export class StompMessage {
  /** All headers of the MESSAGE frame. */
  readonly headers: FrameHeaders;
  /** Its content, as it was sent. */
  readonly body: Uint8Array;
  /** Where it was sent to. */
  readonly destination: string;
  /** The broker's name for it; empty if it gave none. */
  readonly messageId: string;
  /** Whether the broker says that it delivered this message before. */
  readonly redelivered: boolean;
  /** What was left out of it, see `trimMessages`; `undefined` when it is whole. */
  readonly trimmed: Trimmed | undefined;
  readonly #subscription: string;
  readonly #mode: AckMode;
  readonly #version: StompVersion;
  readonly #acknowledge: Acknowledge;

  /** Made by the subscription that the frame belongs to. */
  constructor(
    { headers, body, trimmed }: Frame,
    context: {
      subscription: string;
      mode: AckMode;
      version: StompVersion;
      acknowledge: Acknowledge;
    },
  ) {
    this.headers = headers;
    this.body = body;
    this.trimmed = trimmed;
    this.destination = headers.get("destination") ?? "";
    this.messageId = headers.get("message-id") ?? "";
    this.redelivered = headers.get("redelivered") === "true";
    this.#subscription = context.subscription;
    this.#mode = context.mode;
    this.#version = context.version;
    this.#acknowledge = context.acknowledge;
  }

  /**
   * Confirms this message; in mode `client` also all before it.
   *
   * @throws {TypeError} in mode `auto`
   * @throws {SsmError} `STOMP_PROTOCOL` when the header is missing that names it
   * to the broker; otherwise as `StompClient.send()`
   */
  async ack(options: AckOptions = {}): Promise<void> {
    await this.#acknowledge("ACK", this.#ackHeaders(), options);
  }

  /**
   * Gives this message back; in mode `client` also all before it.
   *
   * @throws {TypeError} in mode `auto`
   * @throws {SsmError} `STOMP_PROTOCOL` in STOMP 1.0, which has no NACK;
   * otherwise as {@linkcode ack}
   */
  async nack(options: AckOptions = {}): Promise<void> {
    if (this.#version === "1.0") {
      throw new SsmError(
        "STOMP_PROTOCOL",
        `Cannot give back message "${this.messageId}": STOMP 1.0 has no NACK`,
      );
    }
    await this.#acknowledge("NACK", this.#ackHeaders(), options);
  }

  /** What names this message in an ACK, which every version does differently. */
  #ackHeaders(): Record<string, string> {
    if (this.#mode === "auto") {
      throw new TypeError("A message of an auto subscription has no ACK");
    }
    switch (this.#version) {
      case "1.0":
        return { "message-id": this.#named("message-id") };
      case "1.1":
        return {
          "message-id": this.#named("message-id"),
          subscription: this.#subscription,
        };
      case "1.2":
        return { id: this.#named("ack") };
    }
  }

  /** A broker that is sent an empty name ends the connection for it. */
  #named(header: "ack" | "message-id"): string {
    const value = this.headers.get(header);
    if (value !== undefined) return value;
    throw new SsmError(
      "STOMP_PROTOCOL",
      `Cannot acknowledge message "${this.messageId}": it has no ${header} header`,
    );
  }
}
