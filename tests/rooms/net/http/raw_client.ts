/**
 * A server of HTTP in this process, and clients that write what they like.
 *
 * @module
 */
import {
  dial,
  type HttpHandler,
  HttpServer,
  type HttpServerOptions,
  listen,
  type Socket,
} from "../../../../lib/net/mod.ts";
import { ManualClock } from "../../../kit/clocks.ts";

/** A client that writes bytes and reads what comes, as text. */
export class Raw implements Disposable {
  readonly socket: Socket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(socket: Socket) {
    this.socket = socket;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    this.#writer.closed.catch(() => {});
  }

  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** All that was said up to this. */
  async until(end: string): Promise<string> {
    while (!this.#text.includes(end)) {
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`It ended after ${JSON.stringify(this.#text)}`);
      this.#text += this.#decoder.decode(value);
    }
    const at = this.#text.indexOf(end) + end.length;
    const said = this.#text.slice(0, at);
    this.#text = this.#text.slice(at);
    return said;
  }

  /** All that is said until the server ends the connection, in whatever way. */
  async rest(): Promise<string> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#text += this.#decoder.decode(value);
      }
    } catch {
      // Reset instead of closed: it is ended all the same.
    }
    return this.#text;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** What a server in this process is tested with. */
export interface Running {
  readonly server: HttpServer;
  readonly clock: ManualClock;
  /** Who was turned away, and why. */
  readonly refused: string[];
  connect(): Promise<Raw>;
}

/** Runs a test with a server; its handler says what it was asked, unless there is another. */
export async function withServer(
  options: Partial<HttpServerOptions>,
  fn: (running: Running) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const refused: string[] = [];
  await using listener = await listen();
  await using server = new HttpServer({
    handler: echo,
    clock,
    onRefused: (_remote, why) => refused.push(why),
    ...options,
  });
  const serving = server.serveAll(listener);
  using clients = new DisposableStack();
  await fn({
    server,
    clock,
    refused,
    connect: async () => {
      const { port } = listener;
      return clients.use(new Raw(await dial({ host: "127.0.0.1", port })));
    },
  });
  listener.close();
  await serving;
}

const echo: HttpHandler = async (request) => {
  const body = new TextDecoder().decode(await request.body(100));
  return { status: 200, body: `<${request.method} ${request.path} ${body}>` };
};

/** A request. */
export const GET = "GET /a%20b?c HTTP/1.1\r\nHost: x\r\n\r\n";

/** A request with a body. */
export function post(body: string): string {
  return `POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
