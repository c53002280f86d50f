/**
 * Who may connect.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Socket } from "../net/mod.ts";

/** What a client shows of itself in CONNECT. */
export interface Credentials {
  readonly login: string | undefined;
  readonly passcode: string | undefined;
  /** The virtual host it asks for; whether there is one of that name is looked up later. */
  readonly host: string | undefined;
  /** Its address, `host:port`. */
  readonly remote: string;
  /** Its certificates, if it came over TLS and showed one. */
  readonly peer: Socket["peer"];
}

/** A client that was let in. */
export interface Principal {
  /** For log lines. */
  readonly name: string;
}

/** Decides who is let in; `undefined` refuses. */
export type Authenticate = (
  credentials: Credentials,
) => Principal | undefined | Promise<Principal | undefined>;

/**
 * Lets in those who know a login and its passcode.
 *
 * How long an answer takes says nothing of how much of a passcode was right,
 * nor whether the login exists.
 *
 * @param users passcodes by login
 */
export function userTable(users: ReadonlyMap<string, string>): Authenticate {
  // Only digests are kept: they have one length, as the comparison needs.
  const digests = new Map(
    [...users].map(([login, passcode]) => [login, digest(passcode)]),
  );
  const nobody = Buffer.alloc(32);
  return ({ login = "", passcode = "" }) => {
    const right = timingSafeEqual(
      digest(passcode),
      digests.get(login) ?? nobody,
    );
    return right && digests.has(login) ? { name: login } : undefined;
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
