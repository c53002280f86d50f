/**
 * Brokers that follow one another, as scripts.
 *
 * @module
 */
import { SsmError } from "../../../lib/errors.ts";
import type { Socket } from "../../../lib/net/mod.ts";
import { ReconnectingClient } from "../../../lib/stomp/mod.ts";
import type { ReconnectOptions, StateChange } from "../../../lib/stomp/mod.ts";
import {
  type Peer,
  type Script,
  type Scripted,
  scripted,
} from "../../kit/net/scripted_peer.ts";

/** A client, and one script for each of its connections. */
export interface InTurn extends AsyncDisposable {
  readonly client: ReconnectingClient;
  /** What it has told of itself so far. */
  readonly states: StateChange[];
}

/**
 * Starts a client whose first connection is served by the first script, and so
 * on; after the last of them there is no broker any more. Disposal closes the
 * client and fails if a script failed.
 */
export function inTurn(
  scripts: readonly Script[],
  options: Partial<ReconnectOptions> = {},
): InTurn {
  const left = [...scripts];
  const started: Scripted[] = [];
  const states: StateChange[] = [];
  const client = new ReconnectingClient({
    dial: async (): Promise<Socket> => {
      const script = left.shift();
      if (script === undefined) throw new SsmError("CONNECT", "No broker left");
      const peer = await scripted(script);
      started.push(peer);
      return peer.socket;
    },
    firstPauseMs: 1,
    maxPauseMs: 1,
    ...options,
    onState: (change) => {
      states.push(change);
      options.onState?.(change);
    },
  });
  return {
    client,
    states,
    async [Symbol.asyncDispose]() {
      client.close();
      await client.closed;
      for (const peer of started) await peer[Symbol.asyncDispose]();
    },
  };
}

/** Takes a SEND and confirms it; gives its receipt id. */
export async function confirmSend(peer: Peer): Promise<Record<string, string>> {
  const headers = await peer.expect("SEND");
  await peer.send(`RECEIPT\nreceipt-id:${headers["receipt"]}\n\n\0`);
  return headers;
}

/** Takes a SUBSCRIBE and confirms it. */
export async function confirmSubscribe(
  peer: Peer,
): Promise<Record<string, string>> {
  const headers = await peer.expect("SUBSCRIBE");
  await peer.send(`RECEIPT\nreceipt-id:${headers["receipt"]}\n\n\0`);
  return headers;
}

/** Takes the goodbye. */
export async function confirmGoodbye(peer: Peer): Promise<void> {
  const { receipt } = await peer.expect("DISCONNECT");
  await peer.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
}

/** A MESSAGE frame. */
export function message(id: string, body: string, subscription = "1"): string {
  return `MESSAGE\ndestination:/queue/a\nmessage-id:${id}\nack:${id}\n` +
    `subscription:${subscription}\n\n${body}\0`;
}
