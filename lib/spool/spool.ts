/**
 * What a spool offers: messages to send, or a place to deliver them to.
 *
 * @module
 */
import type { SsmError } from "../errors.ts";

/** Is told what a look at a spool found besides the names. */
export interface ListObserver {
  /** A part of the spool could not be looked into; the others could. */
  unreadable(error: SsmError): void;
  /** So many elements may still be written to, and are left out. */
  unfinished?(count: number): void;
}

/** Tells of changes in a spool as they happen, where the system tells of them. */
export interface SpoolWatch extends Disposable {
  /** Settles when something changed since it last settled, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void>;
}

/** A directory of files waiting to be sent. */
export interface OutgoingSpool {
  /**
   * Names of all waiting elements in sending order, locked ones included, as of now.
   *
   * @param observer without one, what cannot be looked into is thrown
   * @throws {SsmError} `SPOOL` when nothing can be told.
   */
  list(observer?: ListObserver): Promise<string[]>;
  /** Claims an element; `undefined` when another process holds it or it is gone. */
  lock(name: string): Promise<SpoolEntry | undefined>;
  /** Removes what crashed writers left, and takes over locks older than the limit. */
  tidy(): Promise<void>;
}

/** A claimed element of an {@linkcode OutgoingSpool}. Disposing it unlocks it unless it was removed. */
export interface SpoolEntry extends AsyncDisposable {
  readonly name: string;
  /** Size in bytes when it was locked. */
  readonly size: number;
  /** The bytes of the element. */
  read(): Promise<Uint8Array>;
  /** Renews the claim, so that no other process takes it for stale. */
  touch(): Promise<void>;
  /**
   * Deletes element and claim: it is confirmed.
   *
   * @throws {SsmError} `SPOOL` when it is not any more what was read: the element stays.
   */
  remove(): Promise<void>;
  /** Gives the claim back: the element stays. Idempotent; does nothing after `remove`. */
  unlock(): Promise<void>;
}

/** The parts of a delivered element: one file each (`body`, `signer`, `empaid`, `error`). */
export type ElementFields = Readonly<Record<string, Uint8Array | string>>;

/** What cannot be looked into is an error like any other. */
export const STRICT_OBSERVER: ListObserver = {
  unreadable(error) {
    throw error;
  },
};

/** The act of signing that a message comes from. */
export interface Signing {
  /** What was signed and with which key, as a digest: nobody else can change it. */
  readonly statement: string;
  /**
   * What tells the signer's other acts of signing the same apart from this one, as far
   * as anything does; `undefined` when it signs nothing twice.
   */
  readonly variant: string | undefined;
}

/** A message that is to be delivered. */
export interface IncomingMessage {
  /** The same for every delivery of the same message, and for no other message. */
  readonly key: string;
  readonly fields: ElementFields;
  /** The act of signing that it comes from; without it, replays are not recognised. */
  readonly signing?: Signing | undefined;
  /**
   * The same for all tries of its sender to transmit it, as far as the sender can be
   * believed, where their bytes differ; left out where they do not.
   */
  readonly origin?: string | undefined;
}

/**
 * A directory into which messages are delivered, each once.
 *
 * Each kind has its own rule by which it knows a message again, and its own time
 * for which it remembers it; both are said at its `prepare`.
 */
export interface IncomingSpool {
  /** Stages a message: writes and syncs a temporary element; `undefined` when it is known to be delivered already. */
  prepare(message: IncomingMessage): Promise<PreparedElement | undefined>;
  /** Removes what a crash left unfinished. */
  tidy(): Promise<void>;
  /** Removes what came of an earlier try, where a later one has been accepted. */
  supersede?(origin: string): Promise<void>;
}

/** Delivered elements about which something is still to be done: they carry a mark. */
export interface MarkedSpool {
  /** Names of the marked elements in order, locked ones included, as of now. */
  list(): Promise<string[]>;
  /**
   * Claims one: `held` when another process has it, `gone` when it is not there any
   * more, or has no mark any more.
   */
  lock(name: string): Promise<HeldElement | "held" | "gone">;
}

/** A claimed element of a queue: to be changed, and then removed or unlocked. */
export interface HeldElement {
  readonly name: string;
  /** Its fields. */
  read(): Promise<Record<string, Uint8Array>>;
  /** Writes these fields anew, each in one step, and takes those away that are `undefined`. */
  change(fields: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** Takes it out of the queue. */
  remove(): Promise<void>;
  /** Gives the claim back: the element stays as it is. */
  unlock(): Promise<void>;
}

/** An {@linkcode IncomingSpool} that can tell whether a signed message is one of its own right. */
export interface SignedSpool extends IncomingSpool {
  /**
   * Why a message that is not known yet is to be taken, by its act of signing, for a
   * replay of another one; `undefined` when it is not. If it is not, it keeps its
   * place, also when it comes again.
   */
  doubt(message: IncomingMessage): Promise<string | undefined>;
}

/** A temporary element, on disk and synced, but not yet visible. */
export interface PreparedElement {
  /**
   * Makes it visible under its final name, durably; returns that name, or
   * `undefined` when meanwhile another process delivered the same message.
   * Either way the message is safe and may be confirmed. Elements become
   * visible in the order of the calls, which need not wait for each other.
   */
  commit(): Promise<string | undefined>;
  /** Deletes it. Does nothing after `commit`. */
  discard(): Promise<void>;
}
