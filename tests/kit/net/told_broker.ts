/**
 * A broker that does only what a test tells it to.
 *
 * @module
 */
import {
  listen,
  type Listener,
  type ListenOptions,
} from "../../../lib/net/mod.ts";
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  makeFrame,
} from "../../../lib/stomp/mod.ts";

/** One connection, as the broker sees it. */
export interface Caller {
  /** Sends a frame. */
  send(
    command: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<void>;
  /** Sends anything. */
  raw(bytes: Uint8Array): Promise<void>;
  /** Hangs up. */
  close(): void;
}

/** What is done about a frame. */
export type Answer = (frame: Frame, caller: Caller) => unknown;

/** A running scripted broker. */
export class ScriptedBroker implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #callers = new Set<Caller>();
  readonly #serving: Promise<void>;

  private constructor(listener: Listener, answer: Answer) {
    this.#listener = listener;
    this.#serving = this.#serve(answer);
  }

  static async start(
    answer: Answer,
    options: ListenOptions = {},
  ): Promise<ScriptedBroker> {
    return new ScriptedBroker(await listen(options), answer);
  }

  get port(): number {
    return this.#listener.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const caller of this.#callers) caller.close();
    await this.#serving;
  }

  async #serve(answer: Answer): Promise<void> {
    const conversations: Promise<void>[] = [];
    for await (const socket of this.#listener) {
      const writer = socket.writable.getWriter();
      const caller: Caller = {
        send: (command, headers, body = "") => {
          const bytes = new TextEncoder().encode(body);
          return writer.write(
            encodeFrame(makeFrame(command, headers, bytes), "1.1"),
          );
        },
        raw: (bytes) => writer.write(bytes),
        close: () => socket.close(),
      };
      this.#callers.add(caller);
      conversations.push(
        converse(socket.readable, (frame) => answer(frame, caller))
          .finally(() => this.#callers.delete(caller)),
      );
    }
    await Promise.all(conversations);
  }
}

async function converse(
  readable: ReadableStream<Uint8Array>,
  answer: (frame: Frame) => unknown,
): Promise<void> {
  const decoder = new FrameDecoder();
  decoder.version = "1.1";
  try {
    for await (const chunk of readable) {
      for (const frame of decoder.push(chunk)) await answer(frame);
    }
  } catch {
    // The client hung up in the middle of something, as some tests want it to.
  }
}

/** Answers as a broker that is content with everything. */
export async function content(frame: Frame, caller: Caller): Promise<void> {
  if (frame.command === "CONNECT") {
    return await caller.send("CONNECTED", { version: "1.1" });
  }
  const receipt = frame.headers.get("receipt");
  if (receipt !== undefined) {
    await caller.send("RECEIPT", { "receipt-id": receipt });
  }
}
