/**
 * What client and server agree upon in CONNECT and CONNECTED: the version and
 * the heart-beats. Arithmetic only; timers live in the connection.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { StompVersion } from "../frame/frame.ts";

/** All versions ssm speaks, the best first. */
export const STOMP_VERSIONS: readonly StompVersion[] = ["1.2", "1.1", "1.0"];

/** One side's wish, or the outcome, in milliseconds; 0 is never. */
export interface HeartBeat {
  /** How often this side sends at least. */
  readonly sendMs: number;
  /** How often this side wants to receive at least. */
  readonly receiveMs: number;
}

/** A day; beyond it a heart-beat tells nothing and timers overflow. */
const MAX_HEART_BEAT_MS = 86_400_000;

/** The `accept-version` header of a client that offers `versions`. */
export function formatAcceptVersion(versions: readonly StompVersion[]): string {
  // Ascending, as in the examples of the specification.
  return [...versions].sort().join(",");
}

/**
 * The server's choice: the best version that the client accepts.
 *
 * @param accepted the client's `accept-version`; without one it speaks 1.0
 * @returns `undefined` when there is none in common
 */
export function chooseVersion(
  accepted: string | undefined,
  spoken: readonly StompVersion[] = STOMP_VERSIONS,
): StompVersion | undefined {
  const offered = (accepted ?? "1.0").split(",").map((word) => word.trim());
  return STOMP_VERSIONS.find((version) =>
    spoken.includes(version) && offered.includes(version)
  );
}

/**
 * The client's reading of the server's choice.
 *
 * @param chosen the `version` header of CONNECTED; without one it is 1.0
 * @throws {SsmError} `STOMP_PROTOCOL` when that version was not offered.
 */
export function checkVersion(
  chosen: string | undefined,
  offered: readonly StompVersion[],
): StompVersion {
  const version = offered.find((version) => version === (chosen ?? "1.0"));
  if (version === undefined) {
    const what = chosen === undefined
      ? "only STOMP 1.0"
      : `STOMP "${chosen.slice(0, 32)}"`;
    throw new SsmError(
      "STOMP_PROTOCOL",
      `Cannot agree on a version: the broker speaks ${what}, we accept ${
        offered.join(", ")
      }`,
    );
  }
  return version;
}

/** The `heart-beat` header for a wish. @throws {RangeError} out of range */
export function formatHeartBeat({ sendMs, receiveMs }: HeartBeat): string {
  for (const ms of [sendMs, receiveMs]) {
    if (!Number.isInteger(ms) || ms < 0 || ms > MAX_HEART_BEAT_MS) {
      throw new RangeError(
        `A heart-beat must be 0 to ${MAX_HEART_BEAT_MS} ms, not ${ms}`,
      );
    }
  }
  return `${sendMs},${receiveMs}`;
}

/**
 * Reads a `heart-beat` header. A missing one means `0,0`; what exceeds a day
 * counts as a day.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` when it is not two numbers.
 */
export function parseHeartBeat(header: string | undefined): HeartBeat {
  if (header === undefined) return { sendMs: 0, receiveMs: 0 };
  const match = /^([0-9]+),([0-9]+)$/.exec(header);
  if (match === null) {
    throw new SsmError(
      "STOMP_PROTOCOL",
      `Cannot read heart-beat "${header.slice(0, 32)}": it is not two numbers`,
    );
  }
  return {
    sendMs: Math.min(Number(match[1]), MAX_HEART_BEAT_MS),
    receiveMs: Math.min(Number(match[2]), MAX_HEART_BEAT_MS),
  };
}

/**
 * What comes of two wishes: in each direction the slower of what one side can
 * send and the other wants, and nothing where either says 0
 * (STOMP 1.2, "Heart-beating").
 */
export function negotiateHeartBeat(
  ours: HeartBeat,
  theirs: HeartBeat,
): HeartBeat {
  return {
    sendMs: slower(ours.sendMs, theirs.receiveMs),
    receiveMs: slower(theirs.sendMs, ours.receiveMs),
  };
}

function slower(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : Math.max(a, b);
}
