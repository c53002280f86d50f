/**
 * Who may read from or write to a destination.
 *
 * @module
 */
import type { Socket } from "../../net/mod.ts";
import type { Destination } from "../message/destination.ts";
import { quote, refusal } from "../message/refusal.ts";
import type { Principal } from "./users.ts";

/** What a client wants to do. */
export interface AccessRequest {
  /** The client, as it was let in. */
  readonly principal: Principal;
  /** Its address, `host:port`. */
  readonly remote: string;
  /** Its certificates, if it came over TLS and showed one. */
  readonly peer: Socket["peer"];
  /** The virtual host, as it is configured; empty where there are none. */
  readonly host: string;
  /**
   * `/queue/NAME` (also for the bare NAME), `/topic/NAME`, or to read also a
   * pattern of either as the client wrote it, `/topic/a.>`: it is for the whole
   * of what it matches that leave is given or not.
   */
  readonly destination: string;
  /** SUBSCRIBE reads, SEND writes. */
  readonly access: "read" | "write";
}

/** The client that wants it. */
export type Client = Pick<AccessRequest, "principal" | "remote" | "peer">;

/**
 * Decides whether it may. Asked for each destination of each SEND and SUBSCRIBE,
 * before anything comes of it; a promise holds back what the client says next.
 * Not asked about temporary queues: their owner made them, and others are told
 * their name.
 */
export type Authorise = (request: AccessRequest) => boolean | Promise<boolean>;

/** What a decision depends on besides the destinations. */
export interface Permission {
  readonly authorise: Authorise;
  readonly client: Client;
  /** As {@linkcode AccessRequest.host}. */
  readonly host: string;
}

/**
 * Asks whether a client may read from, or write to, all of these destinations.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when it may not, at once or by rejecting
 */
export function askLeave(
  access: AccessRequest["access"],
  destinations: readonly Destination[],
  { authorise, client, host }: Permission,
): Promise<void> | void {
  const places = destinations.filter(({ kind }) =>
    kind === "queue" || kind === "topic"
  );
  const answers = places.map(({ path: destination }) =>
    authorise({ destination, access, ...client, host })
  );
  const judge = (allowed: readonly boolean[]) => {
    const denied = places.find((_, index) => allowed[index] !== true);
    if (denied === undefined) return;
    const what = access === "read" ? "subscribe" : "send";
    throw refusal(`Cannot ${what} to ${quote(denied.path)}: not allowed`);
  };
  if (answers.every((answer) => typeof answer === "boolean")) judge(answers);
  else return Promise.all(answers).then(judge);
}
