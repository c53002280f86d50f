/**
 * What the ARGO Messaging Service says instead of doing as asked.
 *
 * @module
 */
import { SsmError, type SsmErrorOptions } from "../../errors.ts";

/** Every way in which AMS does not do as asked. */
export type AmsErrorKind =
  /** The token is not known, and a new one is not to be had, or is not known either. */
  | "unauthorized"
  /** The authentication service knows no such DN, or refuses the certificate. */
  | "unregistered"
  /** The token is known, but may not do this. */
  | "forbidden"
  /** There is no such project, topic or subscription. */
  | "not found"
  /** The topic of the subscription is gone. */
  | "conflict"
  /** A message is larger than the service takes. */
  | "too large"
  /** The service cannot read the request, or the topic's schema refuses the message. */
  | "invalid"
  /** The messages are not waiting for this acknowledgement any more: pull them again. */
  | "not pending"
  /** A message among those to be pulled is stored in a form that the service cannot read itself. */
  | "broken record"
  /** The answer is no HTTP, no JSON, or of another shape. */
  | "not understood"
  /** The answer is longer than what is taken. */
  | "answer too long"
  /** The service sends the client somewhere else, which it never follows. */
  | "redirected"
  /** The service cannot do it now: try again later. */
  | "unavailable";

/** What an {@linkcode AmsError} carries besides its message and kind. */
export interface AmsErrorOptions extends SsmErrorOptions {
  /** The status of the HTTP answer. */
  readonly status?: number | undefined;
  /** How long the service asks to be left alone, in ms. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * AMS did not do as asked, or its answer cannot be understood: `AMS_ERROR`.
 * Without any answer the error is an `SsmError` with `CONNECT`, `TLS`, `TIMEOUT`
 * or `CONNECTION_LOST`.
 */
export class AmsError extends SsmError {
  /** What it is, for programs. */
  readonly kind: AmsErrorKind;
  /** The status of the HTTP answer; `undefined` when that itself was not understood. */
  readonly status: number | undefined;
  /** How long the service asks to be left alone, in ms; at most an hour. */
  readonly retryAfterMs: number | undefined;

  /** @param message for a person: `Cannot <action>: <state>` */
  constructor(
    kind: AmsErrorKind,
    message: string,
    { status, retryAfterMs, ...options }: AmsErrorOptions = {},
  ) {
    super("AMS_ERROR", message, options);
    this.kind = kind;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Tells whether `error` is an {@linkcode AmsError}, of one of the given kinds if any are named. */
export function isAmsError(
  error: unknown,
  ...kinds: readonly AmsErrorKind[]
): error is AmsError {
  return error instanceof AmsError &&
    (kinds.length === 0 || kinds.includes(error.kind));
}
