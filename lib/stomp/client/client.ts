/**
 * A STOMP client on one connection.
 *
 * @module
 */
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Socket } from "../../net/mod.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { StompConnection } from "../connection/connection.ts";
import { type Frame, makeFrame, type StompVersion } from "../frame/frame.ts";
import { shakeHands } from "./handshake.ts";
import { StompMessage } from "./message.ts";
import type {
  ReceiptOption,
  SendOptions,
  StompConnectOptions,
} from "./options.ts";
import { Receipts } from "./receipts.ts";
import { StompError } from "../frame/stomp_error.ts";
import type { SubscribeOptions, Subscription } from "./subscription.ts";
import { Subscriptions } from "./subscriptions.ts";
import { StompTransaction } from "./transaction.ts";

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * A client that is connected to a broker until it is closed or the connection
 * is lost; it does not reconnect.
 *
 * Frames leave in the order of the calls, whether or not they are awaited.
 *
 * @example
 * ```ts
 * import { dial } from "@ssm/ssm/net";
 * import { StompClient } from "@ssm/ssm/stomp";
 *
 * async function firstOf(host: string, queue: string): Promise<Uint8Array> {
 *   const socket = await dial({ host, port: 61613 });
 *   await using client = await StompClient.connect(socket);
 *   for await (const message of await client.subscribe(queue)) {
 *     await message.ack({ receipt: true });
 *     return message.body;
 *   }
 *   throw new Error("The connection was closed");
 * }
 * ```
 */
export class StompClient implements AsyncDisposable {
  /**
   * Settles when the connection has ended: with `undefined` after
   * {@linkcode disconnect} or {@linkcode close}, otherwise with the reason.
   */
  readonly closed: Promise<SsmError | undefined>;
  /** The broker's name for this connection, if it gives one. */
  readonly session: string | undefined;
  /** The broker's name and version, if it tells. */
  readonly server: string | undefined;
  readonly #connection: StompConnection;
  readonly #clock: Clock;
  readonly #receipts: Receipts;
  readonly #onStrayReceipt: ((id: string) => void) | undefined;
  readonly #onUnhandled: StompConnectOptions["onUnhandled"];
  readonly #onFrame: StompConnectOptions["onFrame"];
  readonly #subscriptions: Subscriptions;
  #nextTransaction = 1;
  #leaving = false;
  #tookMessages = false;
  /** The last ERROR that concerned one frame; the broker may close because of it. */
  #refusal: StompError | undefined;

  private constructor(
    connection: StompConnection,
    frames: AsyncIterable<Frame>,
    connected: Frame,
    options: StompConnectOptions,
  ) {
    const { clock = systemClock, receiptTimeoutMs = 60_000 } = options;
    this.#connection = connection;
    this.#clock = clock;
    this.#receipts = new Receipts(clock, receiptTimeoutMs);
    this.#onStrayReceipt = options.onStrayReceipt;
    this.#onUnhandled = options.onUnhandled;
    this.#onFrame = options.onFrame;
    this.#subscriptions = new Subscriptions({
      version: () => this.version,
      request: (...request) => this.#request(...request),
    });
    this.session = connected.headers.get("session");
    this.server = connected.headers.get("server");
    this.closed = this.#run(frames);
    connection.closed.then(() => this.#subscriptions.releaseAll());
  }

  /**
   * Makes a client of a connected socket, which is the client's from then on
   * and closed if this fails.
   *
   * @throws {SsmError} `STOMP_ERROR` when the broker refuses, `TIMEOUT` when it
   * does not answer, `STOMP_PROTOCOL` when it does not speak STOMP or no common
   * version, `CONNECT`, `CONNECTION_LOST`, `TLS`.
   */
  static async connect(
    socket: Socket,
    options: StompConnectOptions = {},
  ): Promise<StompClient> {
    let connection: StompConnection | undefined;
    try {
      const { trimMessages = "headers" } = options;
      connection = new StompConnection(socket, { ...options, trimMessages });
      const frames = connection.frames();
      const connected = await shakeHands(connection, frames, options);
      return new StompClient(connection, frames, connected, options);
    } catch (error) {
      connection?.close();
      socket.close();
      throw error;
    }
  }

  /** The version agreed upon. */
  get version(): StompVersion {
    return this.#connection.version;
  }

  /** The broker's address, for log lines. */
  get remote(): string {
    return this.#connection.remote;
  }

  /** Whether the connection still stands. */
  get open(): boolean {
    return this.#connection.open;
  }

  /**
   * Whether the broker may forget a message that it has sent over this connection:
   * one was acknowledged, or came in mode `auto`.
   */
  get tookMessages(): boolean {
    return this.#tookMessages;
  }

  /**
   * Sends a message. Settles when the network has taken it, or, with `receipt`,
   * when the broker has confirmed it.
   *
   * @throws {SsmError} `TIMEOUT` when the receipt does not come, `STOMP_ERROR`
   * when the broker refuses, `CONNECTION_LOST`, `STOMP_PROTOCOL` when a header
   * cannot be expressed in this version.
   * @throws {TypeError} when a receipt of that id is awaited already.
   */
  send(
    destination: string,
    body: Uint8Array,
    { headers, receipt, transaction }: SendOptions = {},
  ): Promise<void> {
    const all = { ...headers, destination, transaction };
    return this.#request("SEND", all, receipt, body);
  }

  /**
   * Subscribes.
   *
   * @throws {SsmError} as {@linkcode send}
   * @throws {TypeError} when that id is in use
   */
  async subscribe(
    destination: string,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    const { subscription, confirmed } = this.subscribing(destination, options);
    await confirmed;
    return subscription;
  }

  /**
   * Subscribes, for those who take messages that come before the receipt does.
   *
   * @returns the subscription at once, and what {@linkcode subscribe} waits for
   * @throws {RangeError} when the prefetch is no number of messages
   */
  subscribing(
    destination: string,
    options: SubscribeOptions = {},
  ): { subscription: Subscription; confirmed: Promise<void> } {
    return this.#subscriptions.subscribe(destination, options);
  }

  /** Opens a transaction. @throws {SsmError} as {@linkcode send} */
  async begin(options: ReceiptOption = {}): Promise<StompTransaction> {
    const id = `tx-${this.#nextTransaction++}`;
    await this.#request("BEGIN", { transaction: id }, options.receipt);
    return new StompTransaction(id, {
      send: (...message) => this.send(...message),
      control: (command, transaction, { receipt }) =>
        this.#request(command, { transaction }, receipt),
    });
  }

  /**
   * Says goodbye, waits until the broker has worked off all that was sent
   * before, and closes. A broker that closes without a receipt will do.
   *
   * @param options.timeoutMs how long to wait. @default 10000
   * @returns whether the broker confirmed it; if not, what was sent without a
   * receipt may not have arrived
   * @throws {SsmError} `TIMEOUT` when the broker does not answer in time; or
   * the reason for which the connection was lost. It is closed in any case.
   */
  async disconnect(
    { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
  ): Promise<boolean> {
    const goodbye = this.#request("DISCONNECT", {}, true);
    this.#leave();
    const cancel = this.#clock.after(timeoutMs, () => {
      const words = `no receipt within ${Math.ceil(timeoutMs)} ms`;
      const error = new SsmError("TIMEOUT", `Cannot disconnect: ${words}`);
      this.#connection.close(error);
    });
    let confirmed = false;
    try {
      await goodbye;
      confirmed = true;
      this.#connection.close();
    } catch (error) {
      // Whether that is a loss or the broker's way to say goodbye, `closed` knows.
      if (isSsmError(error, "TIMEOUT")) this.#connection.close(error);
    } finally {
      cancel();
    }
    const reason = await this.closed;
    if (reason !== undefined) throw reason;
    return confirmed;
  }

  /**
   * Sends any frame, as it is; if it has a `receipt` header, waits for that
   * receipt. `checkFrame()` tells whether a broker must understand it.
   *
   * @throws {SsmError} as {@linkcode send}
   * @throws {TypeError} when a receipt of that id is awaited already
   */
  async sendFrame(frame: Frame): Promise<void> {
    if (this.#leaving) throw this.#lost("it is closed");
    // Nothing is awaited before the frame is queued: frames keep their order.
    const id = frame.headers.get("receipt");
    this.#onFrame?.(frame, "sent");
    if (id === undefined) await this.#connection.write(frame);
    else await this.#receipts.expect(id, () => this.#connection.write(frame));
  }

  /**
   * Closes at once. What is not confirmed fails with `CONNECTION_LOST`, and what
   * was sent without a receipt may not arrive. Idempotent.
   *
   * @param reason counts the connection as lost, for this reason
   */
  close(reason?: SsmError): void {
    this.#leave();
    this.#connection.close(reason);
  }

  /** Disconnects; that the connection is lost already is no error here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect().catch(() => {});
  }

  #leave(): void {
    this.#leaving = true;
    // Whether or not somebody takes the messages, the goodbye must be read.
    this.#subscriptions.releaseAll();
  }

  #request(
    command: string,
    headers: Headers,
    receipt: string | true | undefined,
    body?: Uint8Array,
  ): Promise<void> {
    const id = receipt === true ? this.#receipts.newId() : receipt;
    const all = id === undefined ? headers : { ...headers, receipt: id };
    return this.sendFrame(makeFrame(command, all, body));
  }

  /** The one loop that reads; returns why it ended. */
  async #run(frames: AsyncIterable<Frame>): Promise<SsmError | undefined> {
    let end: SsmError | undefined;
    try {
      for await (const frame of frames) {
        const room = this.#take(frame);
        if (room !== undefined) await room;
      }
      if (!this.#leaving) end = this.#lost("the broker closed it");
    } catch (error) {
      end = isSsmError(error) ? error : this.#lost(error);
    }
    this.#connection.close(end);
    this.#receipts.failAll(end ?? this.#lost("it was closed"));
    this.#subscriptions.removeAll(end);
    return end;
  }

  /** Takes one frame; returns a promise when reading should wait for it. */
  #take(frame: Frame): Promise<void> | undefined {
    this.#onFrame?.(frame, "received");
    switch (frame.command) {
      case "MESSAGE":
        return this.#takeMessage(frame);
      case "RECEIPT": {
        const id = frame.headers.get("receipt-id") ?? "";
        if (!this.#receipts.confirm(id)) this.#onStrayReceipt?.(id);
        return undefined;
      }
      case "ERROR": {
        const action = `Broker ${this.remote} refuses`;
        const id = frame.headers.get("receipt-id");
        if (id === undefined || !this.#receipts.awaits(id)) {
          throw new StompError(action, frame);
        }
        // The rest of the connection lives on if the broker lets it.
        this.#refusal = new StompError(action, frame, true);
        this.#receipts.fail(id, this.#refusal);
        return undefined;
      }
      default:
        throw new SsmError(
          "STOMP_PROTOCOL",
          `Cannot go on with broker ${this.remote}: it sent ${frame.command}`,
        );
    }
  }

  #takeMessage(frame: Frame): Promise<void> | undefined {
    const subscription = this.#subscriptions.ownerOf(frame.headers);
    const mode = subscription?.ack ?? "auto";
    const message = new StompMessage(frame, {
      subscription: frame.headers.get("subscription") ?? subscription?.id ?? "",
      mode,
      version: this.version,
      acknowledge: async (command, ids, { receipt, transaction }) => {
        await this.#request(command, { ...ids, transaction }, receipt);
        if (command === "ACK") this.#tookMessages = true;
      },
    });
    if (mode === "auto") this.#tookMessages = true;
    if (subscription !== undefined) return subscription.offer(message);
    if (this.#subscriptions.hasEnded(frame.headers)) return undefined;
    this.#onUnhandled?.(message);
    return undefined;
  }

  #lost(why: unknown): SsmError {
    return new SsmError(
      "CONNECTION_LOST",
      `Lost connection to ${this.remote}: ${reason(why)}`,
      { cause: why instanceof Error ? why : this.#refusal },
    );
  }
}
