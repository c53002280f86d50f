/**
 * Who may connect.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Socket } from "../../net/mod.ts";
import type { Clock } from "../../time/mod.ts";
import { HashedPasscodes, type PasscodeHash } from "./passcodes.ts";

/** What a client shows of itself in CONNECT. */
export interface Credentials {
  /** The user name; `undefined` if it names none. */
  readonly login: string | undefined;
  /** The passcode, as it was sent. */
  readonly passcode: string | undefined;
  /** The virtual host it asks for; whether there is one of that name is looked up later. */
  readonly host: string | undefined;
  /** Its address, `host:port`. */
  readonly remote: string;
  /** Its certificates, if it came over TLS and showed one. */
  readonly peer: Socket["peer"];
  /** Aborted when the client is gone, or its time is up: nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** A client that was let in. */
export interface Principal {
  /** For log lines. */
  readonly name: string;
}

/**
 * Decides who is let in; `undefined` refuses. The client is told the words of an
 * `SsmError` that is thrown, and of nothing else.
 */
export type Authenticate = (
  credentials: Credentials,
) => Principal | undefined | Promise<Principal | undefined>;

/**
 * Lets in clients that know a login and its passcode.
 *
 * How long an answer takes says nothing of how much of a passcode was right,
 * nor whether the login exists, where all passcodes are given in the same way.
 * Hashed passcodes take their time, so clients take turns: those of an address
 * from where much failed come last, and of one address only so many may wait.
 *
 * @param users passcodes, plain or hashed, by login
 * @param clock by which failures are forgotten; that of the machine by default
 */
export function userTable(
  users: ReadonlyMap<string, string | PasscodeHash>,
  clock?: Clock,
): Authenticate {
  // Only digests are kept: they have one length, as the comparison needs.
  const plain = new Map<string, Buffer>();
  const hashed = new Map<string, PasscodeHash>();
  for (const [login, passcode] of users) {
    if (typeof passcode === "string") plain.set(login, digest(passcode));
    else hashed.set(login, passcode);
  }
  const hashes = new HashedPasscodes(hashed, clock);
  const nobody = Buffer.alloc(32);
  return async ({ login = "", passcode = "", remote, signal }) => {
    if (hashed.size > 0 && !plain.has(login)) {
      const right = await hashes.check(login, passcode, { remote, signal });
      return right ? { name: login } : undefined;
    }
    const right = timingSafeEqual(
      digest(passcode),
      plain.get(login) ?? nobody,
    );
    return right && plain.has(login) ? { name: login } : undefined;
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
