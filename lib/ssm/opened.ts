/**
 * The two outcomes of opening a sealed message.
 *
 * @module
 */
import type { Missing } from "../pki/mod.ts";
import type { Signing } from "../smime/mod.ts";

/** Signed by an allowed signer; `payload` is exactly what the signature covers. */
export interface Accepted {
  readonly status: "accepted";
  readonly payload: Uint8Array;
  readonly signer: string;
  /** The act of signing that it comes from: of each, one message is delivered. Without it, replays are not recognised. */
  readonly signing?: Signing;
}

/** Not to be delivered; kept with its reason. */
export interface Rejected {
  readonly status: "rejected";
  /** What is kept: the message as it came. */
  readonly body: Uint8Array;
  /** The signer's DN where the signature is good but the signer is not allowed. */
  readonly signer: string | undefined;
  readonly error: string;
  /** What is missing in the CA directory, where that is the reason: once it is there, the message is judged again. */
  readonly missing?: Missing | undefined;
}

/** What became of a message. */
export type Opened = Accepted | Rejected;
