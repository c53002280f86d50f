/**
 * A broker on a real port, and a client that says exactly what a test tells it to.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Broker, type BrokerOptions } from "../../../lib/broker/mod.ts";
import { type formatText, Logger } from "../../../lib/log/logger.ts";
import {
  dial,
  listen,
  type Listener,
  type ListenOptions,
  type Socket,
} from "../../../lib/net/mod.ts";
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  makeFrame,
  type StompVersion,
} from "../../../lib/stomp/mod.ts";

const utf8 = new TextEncoder();

type Headers = Readonly<Record<string, string | undefined>>;

/** A running broker, closed with all its clients when it goes out of scope. */
export class TestBroker implements AsyncDisposable {
  readonly broker: Broker;
  /** What it has logged. */
  readonly log: string[] = [];
  readonly #listener: Listener;
  readonly #serving: Promise<void>;
  readonly #clients: RawClient[] = [];

  private constructor(listener: Listener, options: BrokerOptions) {
    const sink = (record: Parameters<typeof formatText>[0]) =>
      this.log.push(`${record.level} ${record.message}`);
    this.broker = new Broker({
      logger: new Logger("broker", [sink], "DEBUG"),
      ...options,
    });
    this.#listener = listener;
    this.#serving = this.broker.serveAll(listener);
  }

  static async start(
    options: BrokerOptions = {},
    listening: ListenOptions = {},
  ): Promise<TestBroker> {
    return new TestBroker(await listen(listening), options);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** A connection on which nothing has been said. */
  async dial(): Promise<RawClient> {
    const socket = await dial({ host: "127.0.0.1", port: this.port });
    const client = new RawClient(socket);
    this.#clients.push(client);
    return client;
  }

  /** A client that is let in. */
  async connect(
    version: StompVersion = "1.2",
    headers: Headers = {},
  ): Promise<RawClient> {
    const client = await this.dial();
    client.send("CONNECT", {
      "accept-version": version,
      host: "localhost",
      ...headers,
    });
    const answer = await client.next();
    assert.equal(answer.command, "CONNECTED", answer.headers.get("message"));
    client.version = version;
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const client of this.#clients) client.close();
    await this.broker.close();
    await this.#serving;
  }
}

/** A client without manners of its own. */
export class RawClient {
  readonly #socket: Socket;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new FrameDecoder();
  readonly #frames: Frame[] = [];
  #receipts = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#writer = socket.writable.getWriter();
    this.#reader = socket.readable.getReader();
  }

  set version(version: StompVersion) {
    this.#decoder.version = version;
  }

  /** Writes these bytes. */
  bytes(data: Uint8Array | string): void {
    const chunk = typeof data === "string" ? utf8.encode(data) : data;
    // That the broker hangs up on us is what many tests are about.
    this.#writer.write(chunk).catch(() => {});
  }

  /** Writes a frame. */
  send(command: string, headers: Headers = {}, body = ""): void {
    const frame = makeFrame(command, headers, utf8.encode(body));
    this.bytes(encodeFrame(frame, this.#decoder.version));
  }

  /** The next bytes, as they come; for what is not a frame. */
  async raw(): Promise<string> {
    const { value } = await this.#reader.read();
    return new TextDecoder().decode(value);
  }

  /** The next frame; fails when the broker hangs up instead. */
  async next(): Promise<Frame> {
    const frame = await this.nextOrEnd();
    assert.ok(frame, "the broker closed the connection");
    return frame;
  }

  /** The next frame, which has to be of that command. */
  async expect(command: string): Promise<Frame> {
    const frame = await this.next();
    assert.equal(frame.command, command, frame.headers.get("message"));
    return frame;
  }

  /** The next `count` MESSAGE frames. */
  async messages(count: number): Promise<Frame[]> {
    const frames: Frame[] = [];
    while (frames.length < count) frames.push(await this.expect("MESSAGE"));
    return frames;
  }

  /** All frames until the broker hangs up; then we do, too. */
  async rest(): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (let frame; (frame = await this.nextOrEnd());) frames.push(frame);
    this.close();
    return frames;
  }

  /** The ERROR frame after which the broker hangs up. */
  async refused(): Promise<Frame> {
    const frames = await this.rest();
    const error = frames.find((frame) => frame.command === "ERROR");
    assert.ok(error, "no ERROR frame came");
    assert.equal(error, frames.at(-1), "something came after the ERROR frame");
    return error;
  }

  /** Sends a frame with a receipt and returns what came before the receipt. */
  async confirmed(
    command: string,
    headers: Headers = {},
    body = "",
  ): Promise<Frame[]> {
    const receipt = `receipt-${++this.#receipts}`;
    this.send(command, { ...headers, receipt }, body);
    const before: Frame[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame.headers.get("receipt-id") === receipt) {
        assert.equal(frame.command, "RECEIPT", frame.headers.get("message"));
        return before;
      }
      before.push(frame);
    }
  }

  /** Everything the broker had to say so far. */
  async pending(): Promise<Frame[]> {
    const transaction = `pending-${this.#receipts}`;
    this.send("BEGIN", { transaction });
    return await this.confirmed("ABORT", { transaction });
  }

  /** Says that nothing more will come. */
  async finish(): Promise<void> {
    await this.#writer.close();
  }

  /** Hangs up. */
  close(): void {
    this.#socket.close();
  }

  /** The next frame, or that the broker hung up. */
  async nextOrEnd(): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      let chunk;
      try {
        chunk = (await this.#reader.read()).value;
      } catch {
        // A broken connection has ended, too.
      }
      if (chunk === undefined) return undefined;
      this.#frames.push(...this.#decoder.push(chunk));
    }
  }
}

/** The body of a frame, as text. */
export function text(frame: Frame): string {
  return new TextDecoder().decode(frame.body);
}
