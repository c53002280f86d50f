/**
 * Who may read from or write to a destination.
 *
 * @module
 */
import type { Socket } from "../../net/mod.ts";
import type { Frame } from "../../stomp/mod.ts";
import { parseDestination } from "../message/destination.ts";
import { quote, refusal } from "../message/refusal.ts";
import type { Principal } from "./users.ts";

/** What a client wants to do. */
export interface AccessRequest {
  readonly principal: Principal;
  /** Its address, `host:port`. */
  readonly remote: string;
  /** Its certificates, if it came over TLS and showed one. */
  readonly peer: Socket["peer"];
  /** The virtual host, as it is configured; empty where there are none. */
  readonly host: string;
  /**
   * `/queue/NAME` (also for the bare NAME), `/topic/NAME`, or to read also a
   * pattern of topics as the client wrote it, `/topic/a.>`: it is for the whole
   * of what it matches that leave is given or not.
   */
  readonly destination: string;
  /** SUBSCRIBE reads, SEND writes. */
  readonly access: "read" | "write";
}

/** Who wants it. */
export type Client = Pick<AccessRequest, "principal" | "remote" | "peer">;

/**
 * Decides whether it may. Asked for each SEND and SUBSCRIBE, before anything
 * comes of it; a promise holds back what the client says next. Not asked about
 * temporary queues: their owner made them, and others are told their name.
 */
export type Authorise = (request: AccessRequest) => boolean | Promise<boolean>;

/** The wish that a frame expresses. @throws {SsmError} `STOMP_PROTOCOL` for a malformed destination. */
export function wishOf(
  { command, headers }: Frame,
): Pick<AccessRequest, "destination" | "access"> | undefined {
  const name = headers.get("destination");
  if (name === undefined) return undefined;
  if (command !== "SEND" && command !== "SUBSCRIBE") return undefined;
  const { kind, path } = parseDestination(name);
  if (kind === "temp-queue" || kind === "reply-queue") return undefined;
  return { destination: path, access: command === "SEND" ? "write" : "read" };
}

/** How it is told that it may not. */
export function accessRefusal(
  { access, destination }: Pick<AccessRequest, "destination" | "access">,
) {
  const what = access === "read" ? "subscribe" : "send";
  return refusal(`Cannot ${what} to ${quote(destination)}: not allowed`);
}
