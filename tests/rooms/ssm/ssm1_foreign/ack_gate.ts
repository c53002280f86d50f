/**
 * A door between a consumer and its broker that one ack does not pass.
 *
 * @module
 */

const ACK = "ssm-msg-type:ack";

/** Passes everything on, up to the first ack: that connection falls silent. */
export class AckGate implements AsyncDisposable {
  /** Settles when the ack has come to the door. */
  readonly held: Promise<void>;
  readonly #target: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.Conn[] = [];
  readonly #works: Promise<unknown>[] = [];
  readonly #holding = Promise.withResolvers<void>();
  #open = false;

  /** Leads to a port of this machine. */
  constructor(target: number) {
    this.#target = target;
    this.held = this.#holding.promise;
    this.#works.push(this.#serve());
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await Promise.all(this.#works);
  }

  async #serve(): Promise<void> {
    for await (const consumer of this.#listener) {
      const broker = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.#target,
      });
      this.#connections.push(consumer, broker);
      this.#works.push(
        this.#pass(consumer, broker, (text) => this.#stops(text)),
        this.#pass(broker, consumer, () => false),
      );
    }
  }

  /** Whether these characters, the last ones and some before them, hold the ack. */
  #stops(text: string): boolean {
    if (this.#open || !text.includes(ACK)) return false;
    this.#open = true;
    this.#holding.resolve();
    return true;
  }

  async #pass(
    from: Deno.Conn,
    to: Deno.Conn,
    stops: (text: string) => boolean,
  ): Promise<void> {
    const decoder = new TextDecoder("latin1");
    let before = "";
    try {
      for await (const chunk of from.readable) {
        const text = before + decoder.decode(chunk);
        // A frame whose end does not arrive has never been sent.
        if (stops(text)) return;
        before = text.slice(-ACK.length);
        for (let at = 0; at < chunk.length;) {
          at += await to.write(chunk.subarray(at));
        }
      }
    } catch {
      // Either side may be killed at any time.
    }
    close(to);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
