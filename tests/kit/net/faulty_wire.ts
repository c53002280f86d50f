/**
 * A piece of network that fails on purpose: TCP from here to a port, with a
 * fault at any byte.
 *
 * @module
 */

/** Which way: from the client to the server, or back. */
export type Direction = "up" | "down";

/** What goes wrong on a connection. */
export interface WireFault {
  readonly direction: Direction;
  /** After how many bytes in that direction. */
  readonly after: number;
  /**
   * `cut` closes both sides; `black hole` loses everything from then on, both
   * ways, and nobody is told; `half-close` ends that direction alone.
   */
  readonly how: "cut" | "black hole" | "half-close";
}

/** Settings of {@linkcode Wire.start}. */
export interface WireOptions {
  /** The fault of each connection, counted from 0. @default none */
  readonly fault?: (connection: number) => WireFault | undefined;
}

/** A listening proxy, closed with all its connections on disposal. */
export class Wire implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #options: WireOptions;
  readonly #open = new Set<Deno.Conn>();
  readonly #running = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  /** Bytes that went through, each way, of all connections. */
  readonly passed: Record<Direction, number> = { up: 0, down: 0 };
  /** Connections so far. */
  connections = 0;
  /** Connections whose fault has come to pass. */
  faults = 0;

  private constructor(target: number, options: WireOptions) {
    this.#target = target;
    this.#options = options;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  /** A wire to that port of this machine. */
  static start(target: number, options: WireOptions = {}): Wire {
    return new Wire(target, options);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Cuts all connections that there are now. */
  cut(): void {
    for (const conn of [...this.#open]) this.#close(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    this.cut();
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const fault = this.#options.fault?.(this.connections++);
      this.#open.add(client);
      const running: Promise<void> = this.#connect(client, fault)
        .finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  async #connect(
    client: Deno.TcpConn,
    fault: WireFault | undefined,
  ): Promise<void> {
    try {
      const port = this.#target;
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      this.#open.add(server);
      server.setNoDelay(true);
      client.setNoDelay(true);
      const line = new Line(client, server, this, fault);
      await line.carry();
      if (line.isSilent) return;
      this.#close(server);
    } catch {
      // Nobody listens behind the wire, as some tests want it to be.
    }
    this.#close(client);
  }

  #close(conn: Deno.Conn): void {
    if (this.#open.delete(conn)) conn.close();
  }
}

/** One connection. */
class Line {
  readonly #ends: Readonly<Record<Direction, [Deno.TcpConn, Deno.TcpConn]>>;
  readonly #fault: WireFault | undefined;
  readonly #counts: Pick<Wire, "passed" | "faults">;
  /** Nothing gets through any more, and nobody is told. */
  isSilent = false;

  constructor(
    client: Deno.TcpConn,
    server: Deno.TcpConn,
    counts: Pick<Wire, "passed" | "faults">,
    fault: WireFault | undefined,
  ) {
    this.#ends = { up: [client, server], down: [server, client] };
    this.#counts = counts;
    this.#fault = fault;
  }

  /** Until both sides have closed, or are to be cut. */
  async carry(): Promise<void> {
    const both = [this.#pump("up"), this.#pump("down")];
    if (await Promise.race(both) !== "cut") await Promise.all(both);
  }

  async #pump(direction: Direction): Promise<"end" | "cut"> {
    const [from, to] = this.#ends[direction];
    const fault = this.#fault?.direction === direction
      ? this.#fault
      : undefined;
    const buffer = new Uint8Array(64 << 10);
    let left = fault?.after ?? Infinity;
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        // What is lost is taken from its sender all the same.
        if (this.isSilent || left === 0) continue;
        const bytes = buffer.subarray(0, Math.min(count, left));
        left -= bytes.length;
        this.#counts.passed[direction] += bytes.length;
        await writeAll(to, bytes);
        if (left > 0 || !fault) continue;
        this.#counts.faults++;
        if (fault.how === "cut") return "cut";
        if (fault.how === "half-close") await to.closeWrite();
        else this.isSilent = true;
      }
      if (!this.isSilent && left > 0) await to.closeWrite();
    } catch {
      // The other side has gone, which the other pump will notice, too.
    }
    return "end";
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}
