/**
 * A link with a delay, as to a service in another country: TCP from here to a port.
 *
 * @module
 */

/** A listening proxy, closed with all its connections on disposal. */
export class SlowLink implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #delayMs: number;
  readonly #open = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;
  /** Connections so far. */
  connections = 0;

  /** @param roundTripMs half of which everything takes in each direction */
  constructor(target: number, roundTripMs: number) {
    this.#target = target;
    this.#delayMs = roundTripMs / 2;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  /** Where it listens on the loopback interface. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Stops listening, and closes every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    for (const conn of this.#open) close(conn);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.connections++;
      void this.#connect(client);
    }
  }

  async #connect(client: Deno.TcpConn): Promise<void> {
    this.#open.add(client);
    // A handshake of TCP takes a round trip, of which the client sees none here.
    await new Promise((resolve) => setTimeout(resolve, 2 * this.#delayMs));
    const server = await Deno.connect({ port: this.#target });
    server.setNoDelay();
    client.setNoDelay();
    this.#open.add(server);
    await Promise.all([
      this.#carry(client, server),
      this.#carry(server, client),
    ]);
    for (const conn of [client, server]) {
      close(conn);
      this.#open.delete(conn);
    }
  }

  /** Everything arrives in order, each piece so much later than it came. */
  async #carry(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    let last = Promise.resolve();
    try {
      for (;;) {
        const buffer = new Uint8Array(64 << 10);
        const count = await from.read(buffer);
        const due = new Promise((resolve) =>
          setTimeout(resolve, this.#delayMs)
        );
        const previous = last;
        last = due.then(() => previous).then(() =>
          count === null ? to.close() : write(to, buffer.subarray(0, count))
        ).catch(() => {});
        if (count === null) break;
      }
    } catch {
      // One side is gone.
    }
    await last;
    close(to);
  }
}

async function write(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed.
  }
}
