/**
 * The document of `ssm status`; see docs/operating.md.
 *
 * @module
 */
import type {
  BrokerState,
  LoggedError,
  Role,
  Unsent,
} from "../state/run_state.ts";

/** Locks of one owner. */
export interface LockGroup {
  readonly pid: number | null;
  readonly host: string | null;
  /** Whether that process lives; `null` when the owner is not known. */
  readonly running: boolean | null;
  readonly files: number;
  readonly oldest_seconds: number;
}

/** What waits to be sent. */
export interface OutgoingStatus {
  readonly path: string;
  readonly type: "dirq" | "directory";
  readonly files: number;
  readonly bytes: number;
  readonly oldest_seconds: number | null;
  readonly locked: number;
  readonly locks: readonly LockGroup[];
  readonly unsent: readonly Unsent[];
  readonly skipped: readonly string[];
}

/** What waits for the loader. */
export interface IncomingStatus {
  readonly path: string;
  readonly elements: number;
  readonly oldest_seconds: number | null;
}

/** What was not accepted. */
export interface RejectStatus {
  readonly path: string;
  readonly total: number;
  readonly newest: string | null;
  /** How many of them, the latest, the groups are of. */
  readonly grouped: number;
  readonly groups: readonly {
    readonly reason: string;
    readonly signer: string | null;
    readonly count: number;
    readonly newest: string;
  }[];
}

/** How often something happened. */
export interface CountStatus {
  readonly total: number;
  readonly last_hour: number;
  readonly last: string | null;
}

/** The process that runs, or the last one that did. */
export interface ProcessStatus {
  readonly running: boolean;
  readonly outcome: "running" | "succeeded" | "failed" | "killed" | "none";
  readonly pid: number | null;
  readonly host: string | null;
  readonly version: string | null;
  readonly started: string | null;
  readonly ended: string | null;
  /** As of when all this is known. */
  readonly written: string | null;
  readonly connected_to: string | null;
  readonly connected_since: string | null;
  readonly last_error: LoggedError | null;
  /** Further processes on the same directory. */
  readonly others_running: number;
  readonly sent?: CountStatus;
  readonly received?: CountStatus;
  readonly rejected?: CountStatus;
  readonly duplicates?: CountStatus;
  readonly failed?: CountStatus;
}

/** A certificate of a file. */
export interface CertificateStatus {
  readonly path: string;
  readonly dn: string;
  readonly not_after: string;
  /** Negative when it has ended. */
  readonly seconds_left: number;
}

/** The CRLs of the CA directory. */
export interface CrlsStatus {
  readonly path: string;
  readonly files: number;
  readonly expired: number;
  /** The one that ends, or has ended, first. */
  readonly first: {
    readonly issuer: string;
    readonly next_update: string;
    readonly seconds_left: number;
  } | null;
}

/** A part that could not be looked at. */
export interface FailedPart {
  readonly part: string;
  readonly reason: string;
}

/** All of it; what a role has none of is not there. */
export interface StatusDocument {
  readonly time: string;
  readonly config: string;
  readonly role: Role;
  readonly outgoing?: OutgoingStatus;
  readonly incoming?: IncomingStatus;
  readonly reject?: RejectStatus;
  readonly process?: ProcessStatus;
  readonly broker?: BrokerState;
  readonly certificate?: CertificateStatus;
  readonly server_cert?: CertificateStatus;
  readonly crls?: CrlsStatus;
  readonly failed: readonly FailedPart[];
}

/** Whole seconds since a time in ms since 1970. */
export function secondsSince(ms: number, now: number): number {
  return Math.max(0, Math.floor((now - ms) / 1000));
}
