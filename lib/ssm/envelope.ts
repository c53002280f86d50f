/**
 * What the sender and the receiver need from a sealing scheme.
 *
 * @module
 */
import type { Opened } from "./opened.ts";

/** A message that is ready to leave. */
export interface Sealed {
  readonly body: Uint8Array;
  /**
   * What the receiver's own confirmation will name, where the protocol has one:
   * the MD5 of the payload in lower-case hex (SSM1).
   */
  readonly digest?: string;
}

/** Seals what leaves. */
export interface SealingEnvelope {
  /** Signs, and encrypts when told to. @throws {SsmError} when it cannot. */
  seal(payload: Uint8Array): Promise<Sealed>;
}

/** Opens what arrives. */
export interface OpeningEnvelope {
  /** Decrypts, verifies, checks the signer. A bad message is an outcome, never an error. */
  open(body: Uint8Array): Promise<Opened>;
}
