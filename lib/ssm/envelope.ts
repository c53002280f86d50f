/**
 * What the sender and the receiver need from a sealing scheme.
 *
 * @module
 */
import type { Opened } from "./opened.ts";

/** A message that is ready to leave. */
export interface Sealed {
  readonly body: Uint8Array;
}

/** Seals what leaves, as its protocol wants it. */
export interface SealingEnvelope<Message extends Sealed = Sealed> {
  /** Signs, and encrypts when told to. @throws {SsmError} when it cannot. */
  seal(payload: Uint8Array): Promise<Message>;
}

/** Opens what arrives. */
export interface OpeningEnvelope {
  /** Decrypts, verifies, checks the signer. A bad message is an outcome, never an error. */
  open(body: Uint8Array): Promise<Opened>;
}
