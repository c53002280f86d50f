/**
 * Messages whose signers could not be judged when they came, because a CRL or an
 * authority's certificate was missing, which is not their fault. They wait in reject,
 * marked, and are judged again when the CA directory changes, and now and then.
 *
 * What is decided goes the way of every message, see {@linkcode deliveryFrom}.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Missing } from "../../pki/mod.ts";
import type { HeldElement, MarkedSpool } from "../../spool/mod.ts";
import { type Clock, sleep } from "../../stomp/mod.ts";
import type { Delivery, IncomingCarrier } from "../carrier.ts";
import type { OpeningEnvelope } from "../envelope.ts";
import { readRetryMark, RETRY_FIELD } from "../receiving/retry_mark.ts";
import { deliveryFrom } from "./from_reject.ts";

/** Settings of {@linkcode UntrustedRetry}. */
export interface UntrustedRetryOptions {
  /** The marked elements of reject. */
  readonly waiting: MarkedSpool;
  readonly envelope: OpeningEnvelope;
  /** Describes the CA directory: the text is another one when something in it has changed. */
  readonly trustState: () => string;
  readonly log: Logger;
  readonly clock: Clock;
  /** How often they are judged again though nothing has changed, in ms. @default {600000} */
  readonly everyMs?: number;
  /** How often the CA directory is looked at, in ms. @default {10000} */
  readonly lookEveryMs?: number;
}

/** How many messages of one authority are tried in vain, one after another, before the rest of its messages is left for the next time. */
const MAX_IN_VAIN = 3;

/** Authorities that are told in the log: while the CA directory is empty, strangers can name any. */
const MAX_TOLD = 100;

/** Brings what can be judged now out of reject. */
export class UntrustedRetry implements IncomingCarrier {
  readonly #options: UntrustedRetryOptions;
  /** What is missing, as it was told in the log. */
  #told = new Set<string>();
  /** Whether there may be something that waits. */
  #waiting = true;

  constructor(options: UntrustedRetryOptions) {
    this.#options = options;
  }

  /** The same messages; this one learns which of them are put into reject to wait. */
  watch(carrier: IncomingCarrier): IncomingCarrier {
    const watched = (delivery: Delivery): Delivery => ({
      ...delivery,
      ack: async (opened) => {
        if (opened.status === "rejected" && opened.missing) {
          this.#waiting = true;
          this.#tell(opened.missing);
        }
        await delivery.ack(opened);
      },
      abandon: () => delivery.abandon(),
    });
    return {
      async *deliveries(signal) {
        for await (const delivery of carrier.deliveries(signal)) {
          yield watched(delivery);
        }
      },
    };
  }

  async *deliveries(signal: AbortSignal): AsyncGenerator<Delivery> {
    const { clock, trustState, log } = this.#options;
    const { everyMs = 600_000, lookEveryMs = 10_000 } = this.#options;
    let triedAt = -Infinity;
    let state = "";
    let problem = "";
    while (!signal.aborted) {
      try {
        const now = this.#waiting ? trustState() : state;
        const due = this.#waiting &&
          (now !== state || clock.now() - triedAt >= everyMs);
        if (due) {
          state = now;
          triedAt = clock.now();
          yield* this.#round(signal);
        }
        problem = "";
      } catch (error) {
        if (problem !== reason(error)) {
          log.warning(`Judging messages again failed: ${reason(error)}`);
        }
        problem = reason(error);
      }
      await sleep(clock, lookEveryMs, signal);
    }
  }

  async *#round(signal: AbortSignal): AsyncGenerator<Delivery> {
    const { waiting, log } = this.#options;
    const names = await waiting.list();
    const inVain = new Map<string, number>();
    this.#waiting = names.length > 0;
    for (const name of names) {
      if (signal.aborted) return;
      try {
        const element = await waiting.lock(name);
        if (typeof element === "string") continue;
        const delivery = await this.#judge(element, inVain);
        if (delivery) yield delivery;
      } catch (error) {
        log.warning(`Message ${name} in reject waits on: ${reason(error)}`);
      }
    }
    // What is not wanted any more may be told again, when it is.
    this.#told = new Set(
      [...this.#told].filter((wanted) => inVain.has(wanted)),
    );
  }

  /** The message, if it can be judged now; else it is given back. */
  async #judge(
    element: HeldElement,
    inVain: Map<string, number>,
  ): Promise<Delivery | undefined> {
    let decided = false;
    try {
      const fields = await element.read();
      const { body, [RETRY_FIELD]: field } = fields;
      const mark = field && readRetryMark(field);
      if (!mark || !body) {
        await element.change({ [RETRY_FIELD]: undefined });
        return undefined;
      }
      const wanted = describe(mark.missing);
      const fruitless = inVain.get(wanted) ?? 0;
      if (fruitless >= MAX_IN_VAIN) return undefined;
      const opened = await this.#options.envelope.open(body);
      if (opened.status === "rejected" && opened.missing) {
        this.#tell(opened.missing);
        inVain.set(describe(opened.missing), fruitless + 1);
        return undefined;
      }
      decided = true;
      return deliveryFrom(element, fields, this.#options.log);
    } finally {
      if (!decided) await element.unlock();
    }
  }

  /** Once for each authority, until its messages can be judged again. */
  #tell(missing: Missing): void {
    const wanted = describe(missing);
    if (this.#told.has(wanted) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(wanted);
    const remedy = missing.what === "CRL"
      ? "Run fetch-crl"
      : "Install its certificate again";
    this.#options.log.error(
      `There is no valid ${wanted} in the CA directory: messages that need it wait in reject and are judged again by themselves. ${remedy}.`,
    );
  }
}

function describe({ what, authority }: Missing): string {
  return `${what === "CRL" ? "CRL" : "certificate"} of ${authority}`;
}
