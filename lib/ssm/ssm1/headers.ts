/**
 * The headers of SSM1's frames.
 *
 * @module
 */
import type { FrameHeaders } from "../../stomp/mod.ts";

/** What a frame of SSM1 is. */
export type Ssm1Type = "certreq" | "certresp" | "msg" | "ack" | "ping";

/** The header that names the {@linkcode Ssm1Type}. */
export const TYPE = "ssm-msg-type";

/** The header with the name of a file, or with what an ack confirms. */
export const ID = "ssm-msg-id";

/** Stands for a digest in the ack of a message whose signer is not allowed. */
export const REJECTED = "REJECTED";

/** The id of what is no message. */
export const NO_ID = "noid";

const REACK = "ssm-reack";
/** As a document has it; the programs write the other. */
const REACK_AS_DOCUMENTED = "ssm-react";

const DIGEST = /^[0-9a-f]{32}$/;

/** Longer than any name of a destination that a broker gives. */
const MAX_DESTINATION = 1024;

/** Headers of a frame; those that are `undefined` are left out. */
export function ssm1Headers(
  type: Ssm1Type,
  { id = NO_ID, replyTo, reack }: {
    id?: string;
    replyTo?: string;
    reack?: string | undefined;
  } = {},
): Record<string, string> {
  return {
    [TYPE]: type,
    [ID]: id,
    ...(replyTo !== undefined && { "reply-to": replyTo }),
    ...(reack !== undefined && { [REACK]: reack }),
  };
}

/** The digest that the sender says to need no more, if it is one. */
export function reackOf(headers: FrameHeaders): string | undefined {
  const digest = headers.get(REACK) ?? headers.get(REACK_AS_DOCUMENTED);
  return digest !== undefined && DIGEST.test(digest) ? digest : undefined;
}

/** Where the sender waits for answers. */
export function replyToOf(headers: FrameHeaders): string | undefined {
  const destination = headers.get("reply-to");
  const usable = destination && destination.length <= MAX_DESTINATION;
  return usable ? destination : undefined;
}
