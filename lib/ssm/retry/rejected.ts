/**
 * Judging chosen messages of reject again, on request.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { HeldRejected, RejectedSpool } from "../../spool/mod.ts";
import type { Delivery, IncomingCarrier } from "../carrier.ts";
import type { Opened } from "../opened.ts";
import { receive, type ReceiveOptions } from "../receiving/receiver.ts";
import { deliveryFrom, type RejectedFields } from "./from_reject.ts";

/** Settings of {@linkcode retryRejected}. */
export interface RetryRejectedOptions
  extends Omit<ReceiveOptions, "carrier" | "attempts" | "onFiled"> {
  /** The messages of `reject`. */
  readonly rejected: RejectedSpool;
  /** Which of them. */
  readonly ids: Iterable<string>;
  /** Is told of each, in order, what became of it. */
  readonly onRetried: (retried: Retried) => void;
}

/** What became of a message. */
export interface Retried {
  /** Its name in reject. */
  readonly id: string;
  /**
   * `incoming`: it is there now; `duplicate`: it was delivered before, and is only
   * removed from reject; `reject`: it stays, for `reason`; `held`: another process has
   * it; `gone`: it is not in reject any more; `failed`: it stays as it was, since files
   * cannot be read or written.
   */
  readonly outcome:
    | "incoming"
    | "duplicate"
    | "reject"
    | "held"
    | "gone"
    | "failed";
  /** Its name in incoming. */
  readonly name?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * How the reason of the loader begins, which reads incoming and puts into reject what
 * it cannot read. Nothing else writes such a reason, and no sender can.
 */
const OF_LOADER = "Parsing unsuccessful";

/** Takes messages of reject through the walk of a receiver, without a broker. */
export async function retryRejected(
  { rejected, ids, onRetried, ...options }: RetryRejectedOptions,
): Promise<void> {
  const carrier = new Chosen(rejected, ids, { log: options.log, onRetried });
  await receive({
    ...options,
    carrier,
    attempts: 1,
    onFiled: ({ delivery, outcome, name, failure }) => {
      const { id, opened } = carrier.tellsOf(delivery);
      onRetried({
        id,
        outcome: outcome === "left" ? "failed" : outcome,
        ...(outcome === "incoming" && { name }),
        ...(opened?.status === "rejected" && { reason: opened.error }),
        ...(failure !== undefined && { reason: failure }),
      });
    },
  });
}

/** The chosen messages as they are claimed, one after another. */
class Chosen implements IncomingCarrier {
  readonly #spool: RejectedSpool;
  readonly #ids: Iterable<string>;
  readonly #log: Logger;
  readonly #onRetried: (retried: Retried) => void;
  readonly #underWay = new Map<Delivery, { id: string; opened?: Opened }>();

  constructor(
    spool: RejectedSpool,
    ids: Iterable<string>,
    { log, onRetried }: {
      log: Logger;
      onRetried: (retried: Retried) => void;
    },
  ) {
    this.#spool = spool;
    this.#ids = ids;
    this.#log = log;
    this.#onRetried = onRetried;
  }

  /** Which message a delivery was, and what it turned out to be. */
  tellsOf(delivery: Delivery): { id: string; opened?: Opened } {
    const known = this.#underWay.get(delivery)!;
    this.#underWay.delete(delivery);
    return known;
  }

  async *deliveries(signal: AbortSignal): AsyncGenerator<Delivery> {
    for (const id of this.#ids) {
      if (signal.aborted) return;
      try {
        const delivery = await this.#take(id);
        if (delivery) yield delivery;
      } catch (error) {
        this.#log.error(`Failed to read or write file: ${reason(error)}`);
        this.#onRetried({ id, outcome: "failed", reason: reason(error) });
      }
    }
  }

  /** `undefined` when it needs no judgement, or there can be none. */
  async #take(id: string): Promise<Delivery | undefined> {
    const element = await this.#spool.lock(id);
    if (typeof element === "string") {
      this.#onRetried({ id, outcome: element });
      return undefined;
    }
    let claimed = true;
    try {
      const fields = await element.read();
      if (isOfLoader(new TextDecoder().decode(fields["error"]))) {
        await this.#moveBack(element);
        claimed = false;
        return undefined;
      }
      claimed = false;
      return this.#delivery(element, fields);
    } finally {
      if (claimed) await element.unlock();
    }
  }

  /** It has been judged and delivered before: that the loader can read it is all that it wants. */
  async #moveBack(element: HeldRejected): Promise<void> {
    const name = await element.moveToIncoming();
    this.#log.info(
      `Message ${element.name} of the loader, moved from reject to incoming as ${name}`,
    );
    this.#onRetried({ id: element.name, outcome: "incoming", name });
  }

  #delivery(element: HeldRejected, fields: RejectedFields): Delivery {
    const plain = deliveryFrom(element, fields, this.#log);
    const known: { id: string; opened?: Opened } = { id: element.name };
    const delivery: Delivery = {
      ...plain,
      ack: async (opened) => {
        known.opened = opened;
        await plain.ack(opened);
      },
      abandon: () => plain.abandon(),
    };
    this.#underWay.set(delivery, known);
    return delivery;
  }
}

/** Whether the loader has put a message into reject, for this reason: it was accepted before. */
export function isOfLoader(reason: string): boolean {
  return reason.startsWith(OF_LOADER);
}
