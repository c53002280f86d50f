/**
 * A broker of STOMP 1.1 that does about each frame what a test tells it to.
 *
 * @module
 */
import { AssertionError } from "node:assert/strict";
import { listen, type ListenOptions } from "../../../lib/net/mod.ts";
import type { Frame } from "../../../lib/stomp/mod.ts";
import { PeerServer } from "./peer_server.ts";
import type { Peer } from "./scripted_peer.ts";

/** What is done about a frame. */
export type Answer = (frame: Frame, peer: Peer) => unknown;

/** It lets in whoever comes, and hangs up when it is disposed of. */
export class AnsweringBroker extends PeerServer {
  static async start(
    answer: Answer,
    options: ListenOptions = {},
  ): Promise<AnsweringBroker> {
    return new AnsweringBroker(
      await listen(options),
      () => (peer) => converse(peer, answer),
    );
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.refuseMore();
    this.hangUp();
    await super[Symbol.asyncDispose]();
  }
}

async function converse(peer: Peer, answer: Answer): Promise<void> {
  peer.version = "1.1";
  try {
    for await (const frame of peer.frames) await answer(frame, peer);
  } catch (error) {
    // The client hung up in the middle of something, as some tests want it to.
    if (error instanceof AssertionError) throw error;
  }
}

/** Answers as a broker that is content with everything. */
export async function content(frame: Frame, peer: Peer): Promise<void> {
  if (frame.command === "CONNECT") {
    return await peer.reply("CONNECTED", { version: "1.1" });
  }
  const receipt = frame.headers.get("receipt");
  if (receipt !== undefined) {
    await peer.reply("RECEIPT", { "receipt-id": receipt });
  }
}
