/**
 * What can be told of a sealed message, whatever is thought of it.
 *
 * Whether it is accepted is decided by the envelope that opens it, and by nothing else:
 * this only looks, so that a person can see who signed it, and why it was refused.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import type { Certificate, Verdict } from "../../pki/mod.ts";
import {
  decryptMessage,
  type Recipient,
  SmimeMessage,
  verifyMessage,
} from "../../smime/mod.ts";

/** What {@linkcode describeMessage} looks with. */
export interface DescribeOptions {
  /** The host's certificates and keys, to open what is encrypted. */
  readonly recipients: () => readonly Recipient[];
  /** Does the signer's certificate chain to the CA directory? */
  readonly trust: (
    signer: Certificate,
    others: readonly Certificate[],
  ) => Verdict | Promise<Verdict>;
  /** Largest message that is looked into, in bytes. */
  readonly maxMessageBytes: number;
}

/** A message as it was found. */
export interface MessageFacts {
  readonly encrypted: boolean;
  /** Why nothing more is known; `undefined` when the signature is good. */
  readonly problem?: string;
  /** The certificate whose key made the signature. */
  readonly signer?: Certificate;
  /** The path from it to a root of the CA directory, or why there is none. */
  readonly verdict?: Verdict;
  /** When it was signed, as the signer states it. */
  readonly signedAt?: Date | undefined;
  /** What was signed. */
  readonly payload?: Uint8Array;
}

/** Looks into a message. */
export async function describeMessage(
  body: Uint8Array,
  { recipients, trust, maxMessageBytes }: DescribeOptions,
): Promise<MessageFacts> {
  const limits = { maxMessageBytes };
  const message = new SmimeMessage(body, limits);
  const encrypted = message.isEncrypted;
  try {
    const { signer, certificates, signingTime, payload } = await verifyMessage(
      encrypted ? await decryptMessage(message, recipients()) : message,
      // What is too weak to be accepted has a signer, too.
      { allowWeakDigests: "all", limits },
    );
    return {
      encrypted,
      signer,
      verdict: await trust(signer, certificates),
      signedAt: signingTime,
      payload,
    };
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return { encrypted, problem: reason(error) };
  }
}
