/**
 * Messages of reject on the walk of every message, once more.
 *
 * What passes is delivered with the identity under which it came. That makes it arrive
 * once, also when it comes from the broker again, or the process is killed between
 * delivery and the removal from reject: then it is known, and only removed. What does
 * not pass stays where it is, with its new reason.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type {
  HeldElement,
  IncomingMessage,
  IncomingSpool,
} from "../../spool/mod.ts";
import type { Delivery } from "../carrier.ts";
import {
  KEY_FIELD,
  readRetryMark,
  RETRY_FIELD,
} from "../receiving/retry_mark.ts";

/** The fields of an element of reject. */
export type RejectedFields = Readonly<Record<string, Uint8Array>>;

/** A claimed message as a delivery. Confirming or abandoning it ends the claim. */
export function deliveryFrom(
  element: HeldElement,
  fields: RejectedFields,
  log: Logger,
): Delivery {
  const id = textOf(fields["empaid"]) ?? element.name;
  return {
    id,
    key: keyOf(element.name, fields),
    body: fields["body"] ?? new Uint8Array(0),
    stays: new StaysInReject(element),
    ack: async (opened) => {
      if (opened.status === "rejected") return await element.unlock();
      await element.remove();
      log.info(
        `Message ${id}, which waited in reject as ${element.name}, is in incoming.`,
      );
    },
    abandon: () => {
      element.unlock().catch((error) => log.warning(reason(error)));
    },
  };
}

/**
 * What identified the message among redeliveries. Other programs write nothing but the
 * sender's id; where there was none, a message is known by its place in reject.
 */
function keyOf(name: string, fields: RejectedFields): string {
  const mark = fields[RETRY_FIELD] && readRetryMark(fields[RETRY_FIELD]);
  const id = textOf(fields["empaid"]);
  return mark?.key ?? textOf(fields[KEY_FIELD]) ??
    (id === undefined || id === "noid" ? `reject ${name}` : id);
}

function textOf(field: Uint8Array | undefined): string | undefined {
  return (field && new TextDecoder().decode(field)) || undefined;
}

/** The place of one message: delivering it there writes its new reason. */
class StaysInReject implements IncomingSpool {
  readonly #element: HeldElement;

  constructor(element: HeldElement) {
    this.#element = element;
  }

  prepare({ fields }: IncomingMessage) {
    const text = (name: string) => {
      const value = fields[name];
      return typeof value === "string" ? value : undefined;
    };
    const key = text(KEY_FIELD);
    return Promise.resolve({
      commit: async () => {
        await this.#element.change({
          ...(key !== undefined && { [KEY_FIELD]: key }),
          signer: text("signer"),
          error: text("error"),
          // Without it, nothing is judged again by itself.
          [RETRY_FIELD]: text(RETRY_FIELD),
        });
        return this.#element.name;
      },
      discard: () => Promise.resolve(),
    });
  }

  tidy(): Promise<void> {
    return Promise.resolve();
  }
}
