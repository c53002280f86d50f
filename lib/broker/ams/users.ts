/**
 * Who may do what, and how a client shows who it is: by a token, or by a
 * certificate for which it is given a token.
 *
 * @module
 */
import { createHash, createHmac, randomBytes } from "node:crypto";
import type { Socket } from "../../net/mod.ts";
import { glob } from "../access/glob.ts";

/** What a user may be allowed to do. */
export const AMS_RIGHTS = ["publish", "pull", "all"] as const;

/** One of {@linkcode AMS_RIGHTS}. */
export type AmsRight = typeof AMS_RIGHTS[number];

/** Where a user may do something. */
export interface AmsGrant {
  /** `publish` to topics, `pull` from subscriptions, or `all`: both. */
  readonly right: AmsRight;
  /**
   * `PROJECT/NAME`, with `*` and `?` as wildcards. @default everywhere
   */
  readonly where?: string | undefined;
}

/** A user as it is configured. */
export interface AmsUserEntry {
  /** For log lines, and for the user itself. */
  readonly name: string;
  /** What it may do; what none of them allows is forbidden. */
  readonly grants: readonly AmsGrant[];
  /** SHA-256 of its token, in hexadecimal digits, or the DN of its certificate. */
  readonly credential:
    | { readonly kind: "token"; readonly sha256: string }
    | { readonly kind: "certificate"; readonly dn: string };
}

/** A topic or a subscription, as a user asks for it. */
export interface AmsPlace {
  /** What is to be done there. */
  readonly right: Exclude<AmsRight, "all">;
  /** The name of the project. */
  readonly project: string;
  /** That of the topic (`publish`) or subscription (`pull`). */
  readonly name: string;
}

/** A user who is let in. */
export interface AmsUser {
  /** As {@linkcode AmsUserEntry.name}. */
  readonly name: string;
  /** Whether it may do that somewhere, in any project. */
  has(right: AmsPlace["right"]): boolean;
  /** Whether it may do that there. */
  may(place: AmsPlace): boolean;
}

/** What a certificate proves: its DN in every spelling, or why it proves nothing. */
export type CertificateVerdict =
  | { readonly dns: readonly string[] }
  | { readonly refused: string };

/** Judges the certificates that a client shows. */
export type JudgeCertificate = (
  peer: NonNullable<Socket["peer"]>,
) => Promise<CertificateVerdict>;

/** Knows the users. */
export interface AmsUsers {
  /** The user of a token. */
  byToken(token: string): AmsUser | undefined;
  /** The token for a certificate with that DN, one of its spellings. */
  tokenFor(dns: readonly string[]): string | undefined;
}

/** The SHA-256 of a token, as {@linkcode AmsUserEntry} has it. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/**
 * The users of a list. A token has too many bits to be guessed, so its hash need
 * not be slow, and is looked up like any other key.
 *
 * @param tokenKey what the tokens for certificates are made with; with the same key
 *   they are the same after a restart. @default a random one
 */
export function amsUserTable(
  entries: readonly AmsUserEntry[],
  tokenKey: Uint8Array = randomBytes(32),
): AmsUsers {
  const byHash = new Map<string, AmsUser>();
  const byDn = new Map<string, string>();
  for (const { name, grants, credential } of entries) {
    const user = userOf(name, grants);
    if (credential.kind === "token") byHash.set(credential.sha256, user);
    else {
      const token = tokenOf(credential.dn, tokenKey);
      byDn.set(credential.dn, token);
      byHash.set(hashToken(token), user);
    }
  }
  return {
    byToken: (token) => byHash.get(hashToken(token)),
    tokenFor: (dns) =>
      dns.map((dn) => byDn.get(dn)).find((token) => token !== undefined),
  };
}

/** Everybody who shows any token, or any certificate that is trusted, may do everything. */
export function anybody(tokenKey: Uint8Array = randomBytes(32)): AmsUsers {
  const user = userOf("anybody", [{ right: "all" }]);
  return {
    byToken: () => user,
    tokenFor: ([dn]) => dn === undefined ? undefined : tokenOf(dn, tokenKey),
  };
}

function tokenOf(dn: string, key: Uint8Array): string {
  return createHmac("sha256", key).update(dn).digest("hex");
}

function userOf(name: string, grants: readonly AmsGrant[]): AmsUser {
  const all = grants.map(({ right, where = "*" }) => ({
    right,
    matches: glob(where),
  }));
  const of = (right: AmsPlace["right"]) =>
    all.filter((grant) => grant.right === "all" || grant.right === right);
  return {
    name,
    has: (right) => of(right).length > 0,
    may: ({ right, project, name }) =>
      of(right).some(({ matches }) => matches(`${project}/${name}`)),
  };
}
