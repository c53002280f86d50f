/**
 * What the sender and the receiver need from a sealing scheme.
 *
 * @module
 */
import type { Opened } from "./message.ts";

/** Seals what leaves. */
export interface SealingEnvelope {
  /** Signs, and encrypts when told to. @throws {SsmError} when it cannot. */
  seal(payload: Uint8Array): Promise<Uint8Array>;
}

/** Opens what arrives. */
export interface OpeningEnvelope {
  /** Decrypts, verifies, checks the signer. A bad message is an outcome, never an error. */
  open(body: Uint8Array): Promise<Opened>;
}
