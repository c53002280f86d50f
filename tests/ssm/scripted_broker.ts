/**
 * A broker on a real port that does, connection by connection, what a script says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { listen, type Listener } from "../../lib/net/mod.ts";
import type { Endpoint } from "../../lib/ssm/mod.ts";
import { Peer, type Script } from "../stomp/peer.ts";
import { endpoint } from "./stage.ts";

/** The first connection runs the first script, and so on; another is a failure. */
export class ScriptedBroker implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #serving: Promise<void>;
  readonly #failures: unknown[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #expected: number;
  /** Connections so far. */
  connections = 0;

  private constructor(listener: Listener, scripts: readonly Script[]) {
    this.#listener = listener;
    this.#expected = scripts.length;
    this.#serving = this.#serve([...scripts]);
  }

  static async start(...scripts: Script[]): Promise<ScriptedBroker> {
    return new ScriptedBroker(await listen(), scripts);
  }

  get port(): number {
    return this.#listener.port;
  }

  get endpoint(): Endpoint {
    return endpoint(this.port);
  }

  /** Lets nobody in any more. */
  refuseMore(): void {
    this.#listener.close();
  }

  /** Fails if a script did, or if not each of them had its connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
    await Promise.all(this.#running);
    for (const failure of this.#failures) throw failure;
    assert.equal(this.connections, this.#expected, "connections");
  }

  async #serve(scripts: Script[]): Promise<void> {
    for await (const socket of this.#listener) {
      this.connections++;
      const script = scripts.shift() ?? unexpected;
      const running: Promise<void> = script(new Peer(socket))
        .catch((error) => void this.#failures.push(error))
        .finally(() => {
          socket.close();
          this.#running.delete(running);
        });
      this.#running.add(running);
    }
  }
}

function unexpected(): Promise<void> {
  return Promise.reject(new Error("One connection too many"));
}

/** Confirms that frame. */
export async function confirm(
  peer: Peer,
  { receipt }: Record<string, string>,
): Promise<void> {
  await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
}

/** Takes so many messages, confirms each, and returns their ids. */
export async function takeMessages(
  peer: Peer,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const headers = await peer.expect("SEND");
    ids.push(headers["empa-id"] ?? "none");
    await confirm(peer, headers);
  }
  return ids;
}

/** Takes the client's goodbye. */
export async function sayGoodbye(peer: Peer): Promise<void> {
  await confirm(peer, await peer.expect("DISCONNECT"));
}
