/**
 * The client's side of CONNECT and CONNECTED.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { systemClock } from "../../time/mod.ts";
import type { StompConnection } from "../connection/connection.ts";
import { type Frame, makeFrame, type StompVersion } from "../frame/frame.ts";
import {
  checkVersion,
  formatAcceptVersion,
  formatHeartBeat,
  type HeartBeat,
  negotiateHeartBeat,
  parseHeartBeat,
  STOMP_VERSIONS,
} from "../connection/negotiate.ts";
import type { StompConnectOptions } from "./options.ts";
import { StompError } from "../frame/stomp_error.ts";

/**
 * Agrees with the broker on version and heart-beats.
 *
 * @returns the CONNECTED frame
 * @throws {SsmError} `TIMEOUT`, `STOMP_ERROR`, `STOMP_PROTOCOL`, `CONNECT`; or
 * the reason for which the connection was lost
 */
export async function shakeHands(
  connection: StompConnection,
  frames: AsyncIterator<Frame, void>,
  options: StompConnectOptions,
): Promise<Frame> {
  const {
    acceptVersions = STOMP_VERSIONS,
    heartBeat = { sendMs: 30_000, receiveMs: 30_000 },
    graceFactor = 3,
    connectTimeoutMs = 10_000,
    clock = systemClock,
  } = options;
  const action = `Cannot connect to broker ${connection.remote}`;
  const cancel = clock.after(connectTimeoutMs, () => {
    const words = `no CONNECTED within ${connectTimeoutMs} ms`;
    connection.close(new SsmError("TIMEOUT", `${action}: ${words}`));
  });
  try {
    // The answer is awaited along with the writing: a broker may refuse and
    // close before it has read.
    const written = connection.write(
      connectFrame(connection.remote, options, acceptVersions, heartBeat),
    );
    const [answer] = await Promise.all([frames.next(), written]);
    if (answer.done === true) {
      throw new SsmError(
        "CONNECT",
        `${action}: it closed the connection instead of answering CONNECT`,
      );
    }
    const frame = answer.value;
    if (frame.command === "ERROR") throw new StompError(action, frame);
    if (frame.command !== "CONNECTED") {
      throw new SsmError(
        "STOMP_PROTOCOL",
        `${action}: it answered CONNECT by ${frame.command}`,
      );
    }
    connection.version = checkVersion(
      frame.headers.get("version"),
      acceptVersions,
    );
    const theirs = parseHeartBeat(frame.headers.get("heart-beat"));
    connection.startHeartBeats(
      negotiateHeartBeat(heartBeat, theirs),
      graceFactor,
    );
    return frame;
  } finally {
    cancel();
  }
}

function connectFrame(
  remote: string,
  { host, login, passcode, clientId, headers }: StompConnectOptions,
  acceptVersions: readonly StompVersion[],
  heartBeat: HeartBeat,
): Frame {
  if (acceptVersions.length === 0) {
    throw new RangeError("acceptVersions must name at least one version");
  }
  const dialled = remote.replace(/:[0-9]+$/, "");
  return makeFrame("CONNECT", {
    "accept-version": formatAcceptVersion(acceptVersions),
    host: host === false ? undefined : host ?? dialled,
    "heart-beat": formatHeartBeat(heartBeat),
    login,
    passcode,
    "client-id": clientId,
    ...headers,
  });
}
