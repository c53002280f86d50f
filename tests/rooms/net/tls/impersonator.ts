/**
 * A TLS peer that shows certificates whose keys it does not have: Erlang's
 * `ssl`, which RabbitMQ brings along. `openssl` and Node refuse to.
 *
 * @module
 */
import type { KeyObject } from "node:crypto";
import { fileURLToPath } from "node:url";
import { textLines } from "../../../../lib/cli/process/text_lines.ts";

/** What came of a handshake, as the impersonator sees it. */
export type Outcome =
  /** There was none. */
  | "refused"
  /** It went through; then the other side hung up without a word. */
  | "silent"
  /** It went through, and the other side said something. */
  | `heard ${number}`;

/** What it shows, and speaks. */
export interface Disguise {
  readonly version: "tlsv1.2" | "tlsv1.3";
  readonly leaf: Uint8Array;
  readonly key: KeyObject;
}

/** A running impersonator; it does one thing after the other. */
export class Impersonator implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  /** Starts one. */
  constructor() {
    this.#child = new Deno.Command("escript", {
      args: [fileURLToPath(new URL("impersonator.escript", import.meta.url))],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#lines = textLines(this.#child.stdout)[Symbol.asyncIterator]();
    this.#input = this.#child.stdin.getWriter();
  }

  /**
   * Plays the server for one client.
   *
   * @returns its port; `outcome` settles when the client has come and gone.
   */
  async serve(
    disguise: Disguise,
  ): Promise<{ port: number; outcome: () => Promise<Outcome> }> {
    await this.#say("serve", disguise.version, ...shown(disguise));
    const said = await this.#hear();
    const port = Number(/^port (\d+)$/.exec(said)?.[1]);
    if (!port) throw new Error(`The impersonator said: ${said}`);
    return { port, outcome: () => this.#hear() as Promise<Outcome> };
  }

  /** Plays a client of the server on that port. */
  async connect(disguise: Disguise, port: number): Promise<Outcome> {
    await this.#say("connect", disguise.version, `${port}`, ...shown(disguise));
    return await this.#hear() as Outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#child.status;
    await this.#lines.return?.();
  }

  async #say(...words: string[]): Promise<void> {
    await this.#input.write(new TextEncoder().encode(words.join(" ") + "\n"));
  }

  async #hear(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("The impersonator has ended");
    return value;
  }
}

function shown({ leaf, key }: Disguise): string[] {
  const pkcs8 = new Uint8Array(key.export({ format: "der", type: "pkcs8" }));
  return [leaf.toHex(), pkcs8.toHex()];
}
