/**
 * CONNECT and its answer.
 *
 * @module
 */
import {
  chooseVersion,
  formatHeartBeat,
  type Frame,
  type HeartBeat,
  makeFrame,
  negotiateHeartBeat,
  parseHeartBeat,
  STOMP_VERSIONS,
  type StompVersion,
} from "../../stomp/mod.ts";
import { errorFrame, quote } from "../message/refusal.ts";
import type { Router } from "../routing/router.ts";
import type { Authenticate, Credentials, Principal } from "../access/users.ts";
import type { VirtualHosts } from "../routing/virtual_hosts.ts";

/** What the broker brings to every handshake. */
export interface HandshakeOptions {
  /** What the broker can do and wants. */
  readonly heartBeat: HeartBeat;
  /** The `server` header. */
  readonly serverName: string;
  /** Without it everybody is let in. */
  readonly authenticate: Authenticate | undefined;
  readonly hosts: VirtualHosts;
}

/** What is known of a client before it says anything. */
export interface Newcomer
  extends Pick<Credentials, "remote" | "peer" | "signal"> {
  /** The `session` header. */
  readonly session: string;
}

/** What a handshake comes to. */
export type Handshake =
  | {
    readonly status: "accepted";
    readonly version: StompVersion;
    /** Agreed upon, from the broker's side. */
    readonly heartBeat: HeartBeat;
    readonly principal: Principal;
    /** What it calls itself; durable subscriptions are named by it. */
    readonly clientId: string | undefined;
    /** The queues and topics of the virtual host it asked for. */
    readonly router: Router;
    /** The CONNECTED frame. */
    readonly answer: Frame;
  }
  | {
    readonly status: "refused";
    /** The ERROR frame. */
    readonly answer: Frame;
    /** For the log. */
    readonly reason: string;
  };

/**
 * Judges the first frame of a client.
 *
 * The `host` header is not demanded, although 1.1 and 1.2 do: the Python ssm,
 * among others, does not send it.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when the frame is malformed, and what
 *   `authenticate` throws
 */
export async function shakeHands(
  frame: Frame,
  newcomer: Newcomer,
  options: HandshakeOptions,
): Promise<Handshake> {
  const { command, headers } = frame;
  if (command !== "CONNECT" && command !== "STOMP") {
    return refused(
      frame,
      `Cannot process ${quote(command)}: the client has not sent CONNECT`,
    );
  }
  const version = chooseVersion(headers.get("accept-version"));
  if (version === undefined) {
    const spoken = STOMP_VERSIONS.join(",");
    return refused(
      frame,
      `Cannot agree on a version: this broker speaks ${spoken}`,
      { version: spoken },
    );
  }
  const wish = parseHeartBeat(headers.get("heart-beat"));
  const principal = await authenticated(frame, newcomer, options);
  if (principal === undefined) {
    return refused(frame, "Cannot log in: wrong login or passcode");
  }
  const host = headers.get("host");
  const router = options.hosts.find(host);
  if (router === undefined) {
    return refused(
      frame,
      `Cannot connect: there is no virtual host ${quote(host ?? "")}`,
    );
  }
  // STOMP 1.0 has no heart-beats.
  const heartBeat = version === "1.0"
    ? { sendMs: 0, receiveMs: 0 }
    : negotiateHeartBeat(options.heartBeat, wish);
  return {
    status: "accepted",
    version,
    heartBeat,
    principal,
    clientId: headers.get("client-id"),
    router,
    answer: makeFrame("CONNECTED", {
      version,
      session: newcomer.session,
      server: options.serverName,
      "heart-beat": version === "1.0"
        ? undefined
        : formatHeartBeat(options.heartBeat),
    }),
  };
}

async function authenticated(
  { headers }: Frame,
  { remote, peer, signal }: Newcomer,
  { authenticate }: HandshakeOptions,
): Promise<Principal | undefined> {
  const login = headers.get("login");
  if (authenticate === undefined) return { name: login ?? "anonymous" };
  return await authenticate({
    login,
    passcode: headers.get("passcode"),
    host: headers.get("host"),
    remote,
    peer,
    signal,
  });
}

function refused(
  frame: Frame,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): Handshake {
  return {
    status: "refused",
    reason,
    answer: errorFrame(reason, frame, headers),
  };
}
