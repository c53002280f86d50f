/**
 * Who may read from or write to a destination.
 *
 * @module
 */
import type { Socket } from "../../net/mod.ts";
import type { Frame } from "../../stomp/mod.ts";
import { parseDestinations } from "../message/destination.ts";
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

/** Who wants it. */
export type Client = Pick<AccessRequest, "principal" | "remote" | "peer">;

/**
 * Decides whether it may. Asked for each destination of each SEND and SUBSCRIBE,
 * before anything comes of it; a promise holds back what the client says next.
 * Not asked about temporary queues: their owner made them, and others are told
 * their name.
 */
export type Authorise = (request: AccessRequest) => boolean | Promise<boolean>;

/** A wish that a frame expresses. */
type Wish = Pick<AccessRequest, "destination" | "access">;

/** One for each destination that it names. */
function wishesOf({ command, headers }: Frame): Wish[] {
  const name = headers.get("destination");
  if (name === undefined) return [];
  if (command !== "SEND" && command !== "SUBSCRIBE") return [];
  const access = command === "SEND" ? "write" : "read";
  return parseDestinations(name)
    .filter(({ kind }) => kind === "queue" || kind === "topic")
    .map(({ path }) => ({ destination: path, access }));
}

/** Who asks whom for leave. */
export interface Permission {
  readonly authorise: Authorise;
  readonly client: Client;
  /** As {@linkcode AccessRequest.host}. */
  readonly host: string;
}

/**
 * Asks whether a client may do what a frame says, where there is something to
 * ask.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when it may not, at once or by rejecting;
 *   also for a malformed destination
 */
export function askLeave(
  frame: Frame,
  { authorise, client, host }: Permission,
): Promise<void> | void {
  const wishes = wishesOf(frame);
  const answers = wishes.map((wish) => authorise({ ...wish, ...client, host }));
  const judge = (allowed: readonly boolean[]) => {
    const denied = wishes.find((_, index) => allowed[index] !== true);
    if (denied !== undefined) throw accessRefusal(denied);
  };
  if (answers.every((answer) => typeof answer === "boolean")) judge(answers);
  else return Promise.all(answers).then(judge);
}

/** How it is told that it may not. */
function accessRefusal({ access, destination }: Wish) {
  const what = access === "read" ? "subscribe" : "send";
  return refusal(`Cannot ${what} to ${quote(destination)}: not allowed`);
}
