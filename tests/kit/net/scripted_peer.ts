/**
 * The other side of a connection, as a script; it may break every rule.
 *
 * @module
 */
import assert from "node:assert/strict";
import { isSsmError } from "../../../lib/errors.ts";
import { dial, listen, type Socket } from "../../../lib/net/mod.ts";
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  makeFrame,
  StompClient,
  type StompConnectOptions,
  type StompVersion,
} from "../../../lib/stomp/mod.ts";
import { bytes } from "../text.ts";

/** What a script holds in its hands. */
export class Peer {
  readonly socket: Socket;
  /** The client's frames, from the next one on. */
  readonly frames: AsyncGenerator<Frame, void, void>;
  readonly #decoder = new FrameDecoder();
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.frames = this.#read();
    this.#writer = socket.writable.getWriter();
  }

  /** Which rules frames are read and written by. */
  set version(version: StompVersion) {
    this.#decoder.version = version;
  }

  /** The client's next frame, which must be one of `command`. */
  async expect(command: string): Promise<Record<string, string>> {
    const { value } = await this.frames.next();
    assert.equal(value?.command, command);
    return Object.fromEntries(value.headers);
  }

  /** Waits until the client has closed, in whatever way; it must send nothing before. */
  async expectEnd(): Promise<void> {
    const next = await this.frames.next().catch((error) => {
      // Closing with bytes unread resets the connection.
      if (isSsmError(error, "CONNECTION_LOST")) return { value: undefined };
      throw error;
    });
    assert.equal(next.value?.command, undefined);
  }

  /** Sends anything. */
  async send(data: string | Uint8Array): Promise<void> {
    await this.#writer.write(typeof data === "string" ? bytes(data) : data);
  }

  /** Sends a frame. */
  async reply(
    command: string,
    headers: Readonly<Record<string, string>>,
    body = "",
  ): Promise<void> {
    const frame = makeFrame(command, headers, bytes(body));
    await this.send(encodeFrame(frame, this.#decoder.version));
  }

  /** Answers CONNECT. */
  async welcome(
    version: StompVersion = "1.2",
    headers = "",
  ): Promise<Record<string, string>> {
    const connect = await this.expect("CONNECT");
    this.version = version;
    await this.send(`CONNECTED\nversion:${version}\n${headers}\n\0`);
    return connect;
  }

  /** Says that nothing more will come. */
  async end(): Promise<void> {
    await this.#writer.close();
  }

  /** Closes, after all that was sent has left. */
  async close(): Promise<void> {
    // It may have been ended, or the client may have gone.
    await this.end().catch(() => {});
    this.socket.close();
  }

  async *#read(): AsyncGenerator<Frame, void, void> {
    for await (const chunk of this.socket.readable) {
      yield* this.#decoder.push(chunk);
    }
  }
}

/** What a script does. */
export type Script = (peer: Peer) => Promise<void>;

/** A socket on whose other side a script runs. */
export interface Scripted extends AsyncDisposable {
  readonly socket: Socket;
  /** Settles when the script has ended, and fails if it failed. */
  readonly done: Promise<void>;
}

/** Starts a script; disposal waits for its end and fails if it failed. */
export async function scripted(script: Script): Promise<Scripted> {
  const listener = await listen();
  const accepted = listener[Symbol.asyncIterator]().next();
  const socket = await dial({ host: "127.0.0.1", port: listener.port });
  const { value } = await accepted;
  assert.ok(value);
  listener.close();
  const peer = new Peer(value);
  const done = script(peer).finally(() => peer.close());
  // Its failure is reported upon disposal.
  done.catch(() => {});
  return {
    socket,
    done,
    async [Symbol.asyncDispose]() {
      await done;
      socket.close();
    },
  };
}

/** A client that has connected to a script. */
export async function connected(
  script: Script,
  options: StompConnectOptions & { version?: StompVersion } = {},
): Promise<Omit<Scripted, "socket"> & { client: StompClient }> {
  const { version, ...rest } = options;
  const peer = await scripted(async (peer) => {
    await peer.welcome(version);
    await script(peer);
  });
  const client = await StompClient.connect(peer.socket, rest);
  return {
    client,
    done: peer.done,
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await client.closed;
    },
  };
}
