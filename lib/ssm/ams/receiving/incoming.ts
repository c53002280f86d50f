/**
 * SSM2 (EMPA) over the ARGO Messaging Service, the receiving side.
 *
 * @module
 */
import type { Delivery, IncomingCarrier } from "../../carrier.ts";
import { Reception, type ReceptionOptions } from "./reception.ts";
import type { AmsSubscription } from "../service.ts";

/** Settings of an {@linkcode AmsIncomingCarrier}. */
export interface AmsIncomingOptions
  extends
    Pick<ReceptionOptions, "destination" | "log" | "clock" | "random">,
    Partial<
      Pick<
        ReceptionOptions,
        | "pullMessages"
        | "pullBytes"
        | "pollPauseMs"
        | "stopGraceMs"
        | "skipBroken"
      >
    > {
  /** Makes a client of the subscription; sends nothing yet. */
  readonly connect: () => AmsSubscription;
  /** Where the service is, for the log. */
  readonly host: string;
}

/** Receives sealed messages, and confirms each pull as a whole. */
export class AmsIncomingCarrier implements IncomingCarrier {
  readonly #options: AmsIncomingOptions;

  constructor(options: AmsIncomingOptions) {
    this.#options = options;
  }

  async *deliveries(signal: AbortSignal): AsyncGenerator<Delivery> {
    const { connect, host, destination, log } = this.#options;
    log.info(`Will connect to ${host}`);
    log.info(`Will subscribe to: ${destination}`);
    await using subscription = connect();
    const reception = new Reception({
      pullMessages: 100,
      pullBytes: 8_000_000,
      pollPauseMs: 10_000,
      stopGraceMs: 20_000,
      skipBroken: false,
      ...this.#options,
      subscription,
      signal,
    });
    yield* reception.deliveries();
  }
}
