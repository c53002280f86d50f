/**
 * A broker on a real port that does, connection by connection, what a script says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { listen, type Listener } from "../../../lib/net/mod.ts";
import type { Endpoint } from "../../../lib/stomp/mod.ts";
import { PeerServer } from "./peer_server.ts";
import type { Peer, Script } from "./scripted_peer.ts";
import { endpoint, QUEUE } from "../stage.ts";

/** The first connection runs the first script, and so on; another is a failure. */
export class ScriptedBroker extends PeerServer {
  readonly #expected: number;

  private constructor(listener: Listener, scripts: readonly Script[]) {
    const left = [...scripts];
    super(listener, () => left.shift() ?? unexpected);
    this.#expected = scripts.length;
  }

  static async start(...scripts: Script[]): Promise<ScriptedBroker> {
    return new ScriptedBroker(await listen(), scripts);
  }

  get endpoint(): Endpoint {
    return endpoint(this.port);
  }

  /** Fails if a script did, or if not each of them had its connection. */
  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    assert.equal(this.connections, this.#expected, "connections");
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

/** A MESSAGE frame of STOMP 1.2. */
export function messageFrame(
  body: string,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries({
    destination: QUEUE,
    subscription: "1",
    ...headers,
  }).map(([name, value]) => `${name}:${value}\n`);
  return `MESSAGE\n${lines.join("")}\n${body}\0`;
}

/** A message as a broker delivers it. */
export interface Message {
  readonly body: string;
  /** Its `empa-id`. @default none */
  readonly id?: string;
  /** @default the id */
  readonly messageId?: string;
}

/** Delivers messages; their ACKs are `ack-<number>`, counted from `first`. */
export async function deliver(
  peer: Peer,
  messages: readonly Message[],
  first = 0,
): Promise<void> {
  for (const [index, { body, id, messageId }] of messages.entries()) {
    await peer.send(messageFrame(body, {
      "message-id": messageId ?? id ?? `${index}`,
      ack: `ack-${first + index}`,
      ...(id !== undefined && { "empa-id": id }),
    }));
  }
}

/** Takes so many ACKs; returns what they name. */
export async function acks(peer: Peer, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await peer.expect("ACK"))["id"]!);
  return ids;
}

/** Takes so many messages without a word; returns their ids. */
export async function swallow(peer: Peer, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await peer.expect("SEND"))["empa-id"]!);
  return ids;
}

/** Confirms so many messages, and notes them. */
export function taking(count: number, arrived: string[] = []): Script {
  return async (peer) => {
    await peer.welcome();
    arrived.push(...await takeMessages(peer, count));
    await sayGoodbye(peer);
  };
}

/** Hangs up when a message comes, having said something or nothing. */
export function killing(lastWords = ""): Script {
  return async (peer) => {
    await peer.welcome();
    await peer.expect("SEND");
    await peer.send(lastWords);
  };
}

/** Lets somebody subscribe. */
export async function subscribed(peer: Peer): Promise<void> {
  await peer.welcome();
  await peer.expect("SUBSCRIBE");
}

/** Delivers one message, and says goodbye. */
export function delivering(body: string): Script {
  return deliveringAll([{ body, id: "the id" }]);
}

/** Delivers messages, whose ACKs must come in order, and says goodbye. */
export function deliveringAll(messages: readonly Message[]): Script {
  return async (peer) => {
    await subscribed(peer);
    await deliver(peer, messages);
    assert.deepEqual(
      await acks(peer, messages.length),
      messages.map((_, index) => `ack-${index}`),
    );
    await sayGoodbye(peer);
  };
}
