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

/** Tells how long a sealed message becomes at most, as a sum over the pieces of its payload. */
export interface Scale {
  /** What any message has, in bytes. */
  readonly fixed: number;
  /** What a piece adds at most, in bytes, wherever it stands in the payload. */
  weigh(piece: Uint8Array): number;
}

/** Seals what leaves, as its protocol wants it. */
export interface SealingEnvelope<Message extends Sealed = Sealed> {
  /** Signs, and encrypts when told to. @throws {SsmError} when it cannot. */
  seal(payload: Uint8Array): Promise<Message>;
  /**
   * The scale for a payload and for whatever is cut from it between two ASCII
   * characters. It depends on the bytes and on whether messages are encrypted, not on
   * keys or certificates.
   *
   * @default the sealed message is as long as its payload
   */
  scale?(payload: Uint8Array): Scale;
}

/** Opens what arrives. */
export interface OpeningEnvelope {
  /** Decrypts, verifies, checks the signer. A bad message is an outcome, never an error. */
  open(body: Uint8Array): Promise<Opened>;
}
