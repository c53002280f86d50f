/**
 * A message as it came, whose header block is read once: what it is follows from
 * that, and decrypting or verifying goes on from there.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { OID } from "./cms/algorithms.ts";
import { peekContentType } from "./cms/content_info.ts";
import { decodeBase64 } from "./mime/base64.ts";
import {
  type ContentType,
  contentTypeOf,
  type Entity,
  parseMessage,
} from "./mime/entity.ts";
import { checkLimit, type SmimeLimits, withDefaults } from "./mime/limits.ts";
import { isBase64, isCmsType } from "./mime/media_types.ts";

/** Enough base64 digits for the identifier at the head of a CMS message. */
const HEAD_DIGITS = 64;

/** What the header block says, and what follows it. */
export interface MessageHead {
  readonly entity: Entity;
  readonly contentType: ContentType | undefined;
}

/** A message that anybody may have written. */
export class SmimeMessage {
  readonly limits: SmimeLimits;
  readonly #length: number;
  readonly #head: MessageHead | SsmError;

  /** Does not throw for a message that cannot be read. */
  constructor(bytes: Uint8Array, limits?: Partial<SmimeLimits>) {
    this.limits = withDefaults(limits);
    this.#length = bytes.length;
    this.#head = expected(() => {
      const entity = parseMessage(bytes, this.limits.maxHeaderBytes);
      return { entity, contentType: contentTypeOf(entity) };
    });
  }

  /** `message` itself where it is one already; then `limits` are its own. */
  static of(
    message: Uint8Array | SmimeMessage,
    limits?: Partial<SmimeLimits>,
  ): SmimeMessage {
    return message instanceof SmimeMessage
      ? message
      : new SmimeMessage(message, limits);
  }

  /**
   * Whether it is encrypted, by its Content-Type and by the identifier at the head
   * of its content; false for anything that cannot be read.
   */
  get isEncrypted(): boolean {
    const head = this.#head;
    if (head instanceof SsmError || !isCmsType(head.contentType?.type)) {
      return false;
    }
    const type = expected(() => peekContentType(startOfBody(head.entity)));
    return type === OID.envelopedData || type === OID.authEnvelopedData;
  }

  /** @throws {SsmError} `LIMIT` when the message is too large; `MIME`, `LIMIT` when its headers cannot be read. */
  head(): MessageHead {
    checkLimit("bytes of message", this.#length, this.limits.maxMessageBytes);
    if (this.#head instanceof SsmError) throw this.#head;
    return this.#head;
  }
}

/** The first bytes of the CMS structure in the body. */
function startOfBody(entity: Entity): Uint8Array {
  const { body } = entity;
  if (!isBase64(entity)) return body.subarray(0, 64);
  const digits = body.subarray(0, 2 * HEAD_DIGITS).filter((char) => char > 0x20)
    .subarray(0, HEAD_DIGITS);
  return decodeBase64(digits.subarray(0, digits.length & ~3));
}

/** The value, or the expected failure; throws any other. */
function expected<Value>(work: () => Value): Value | SsmError {
  try {
    return work();
  } catch (error) {
    if (error instanceof SsmError) return error;
    throw error;
  }
}
