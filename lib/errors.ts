/**
 * The errors of ssm: one class, a closed list of codes.
 *
 * A caller decides by `code`, never by the words of the message. The message is
 * for a person: what was attempted, a colon, what stood in the way.
 *
 * @module
 */

/** Every reason for which ssm gives up on something. */
export type ErrorCode =
  /** The command line cannot be understood. */
  | "USAGE"
  /** A configuration file, or a value in it, cannot be used. */
  | "CONFIG"
  /** The list of allowed DNs cannot be used. */
  | "DN_LIST"
  /** A certificate cannot be read, or is not fit for its purpose. */
  | "CERTIFICATE"
  /** A private key cannot be read, or does not belong to its certificate. */
  | "KEY"
  /** A certificate does not chain to the CA directory, or is revoked. */
  | "TRUST"
  /** No connection to a peer could be made. */
  | "CONNECT"
  /** The TLS handshake failed. */
  | "TLS"
  /** An established connection ended before the work was done. */
  | "CONNECTION_LOST"
  /** The peer broke the STOMP protocol. */
  | "STOMP_PROTOCOL"
  /** The broker answered with an ERROR frame. */
  | "STOMP_ERROR"
  /** The peer broke HTTP, or its answer is longer than what is taken. */
  | "HTTP_PROTOCOL"
  /** The ARGO Messaging Service did not do as asked, or not in words that can be understood. */
  | "AMS_ERROR"
  /** An awaited answer did not come in time. */
  | "TIMEOUT"
  /** A size or count limit was exceeded. */
  | "LIMIT"
  /** A spool directory, or an element in it, cannot be read or written. */
  | "SPOOL"
  /** An element of a spool is too large, empty, or otherwise unfit to be sent. */
  | "UNSENDABLE"
  /** ASN.1 data is malformed. */
  | "DER"
  /** A MIME entity is malformed. */
  | "MIME"
  /** A CMS structure is malformed or uses what ssm does not support. */
  | "CMS"
  /** A signature does not verify. */
  | "SIGNATURE"
  /** An envelope cannot be decrypted. */
  | "DECRYPT"
  /** Another process already does this work (pidfile). */
  | "RUNNING"
  /** The work was stopped on request. */
  | "ABORTED";

/** What an {@linkcode SsmError} may carry besides its message. */
export interface SsmErrorOptions {
  /** The error underneath, kept for the log. */
  cause?: unknown;
  /** One sentence that tells the user what to do about it. */
  hint?: string | undefined;
}

/** An expected failure, with a stable code. */
export class SsmError extends Error {
  /** Which class of errors it is, as the runtime prints it. */
  override readonly name: string = "SsmError";
  /** The reason, for programs. */
  readonly code: ErrorCode;
  /** What the user can do about it. */
  readonly hint: string | undefined;

  /**
   * An error that a caller is to expect.
   *
   * @param message for a person: `Cannot <action>: <state>`
   */
  constructor(code: ErrorCode, message: string, options: SsmErrorOptions = {}) {
    super(
      message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.hint = options.hint;
  }
}

/** Tells whether `error` is an {@linkcode SsmError}, of the given code if one is named. */
export function isSsmError(
  error: unknown,
  code?: ErrorCode,
): error is SsmError {
  return error instanceof SsmError &&
    (code === undefined || error.code === code);
}

/**
 * The code that the system or the runtime gave an error, such as `ENOENT` or
 * `ERR_SSL_WRONG_VERSION_NUMBER`; empty when there is none.
 */
export function systemCode(error: unknown): string {
  return error instanceof Error && !(error instanceof SsmError) &&
      "code" in error && typeof error.code === "string"
    ? error.code
    : "";
}

/** Whether the system refused something with one of these codes (`ENOENT`, …). */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(systemCode(error));
}

/**
 * A path or name between quotation marks, in which all that cannot be seen is
 * escaped: a blank at its end, a letter without width or a no-break space may be
 * the reason why there is no such file.
 */
export function quoted(text: string): string {
  const shown = text.replace(
    /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
  return `"${shown}"`;
}

/** The words of any thrown value, on one line. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // Line by line: one pattern for all would search a long run of blanks again
  // from each of them.
  return text.split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean)
    .join(" ");
}
