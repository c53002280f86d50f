/**
 * Bounds on what is read from a message that anybody may have written.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";

/** The bounds; exceeding one is an `SsmError` `LIMIT`. */
export interface SmimeLimits {
  /**
   * Bytes of a whole message, before anything in it is decoded.
   * @default 268435456 (256 MiB)
   */
  maxMessageBytes: number;
  /**
   * Bytes of the header block of a message or of a part.
   * @default 65536
   */
  maxHeaderBytes: number;
  /**
   * Bytes of a CMS structure without its content: a signature with its
   * certificates, or what an envelope says to its recipients.
   * @default 1048576
   */
  maxStructureBytes: number;
  /**
   * Certificates that a signature may bring along.
   * @default 50
   */
  maxCertificates: number;
  /**
   * Recipients of an encrypted message.
   * @default 100
   */
  maxRecipients: number;
}

/** The defaults, with what the caller sets in their place. */
export function withDefaults(limits: Partial<SmimeLimits> = {}): SmimeLimits {
  const {
    maxMessageBytes = 1 << 28,
    maxHeaderBytes = 1 << 16,
    maxStructureBytes = 1 << 20,
    maxCertificates = 50,
    maxRecipients = 100,
  } = limits;
  return {
    maxMessageBytes,
    maxHeaderBytes,
    maxStructureBytes,
    maxCertificates,
    maxRecipients,
  };
}

/** @throws {SsmError} `LIMIT` when there are more than `limit` of them. */
export function checkLimit(what: string, count: number, limit: number): void {
  if (count > limit) {
    throw new SsmError(
      "LIMIT",
      `Cannot read message: ${what}: ${count}, at most ${limit} are allowed`,
    );
  }
}
