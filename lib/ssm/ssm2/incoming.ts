/**
 * SSM2 (EMPA) over STOMP, the receiving side.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type { StompMessage } from "../../stomp/mod.ts";
import type { Arrival, SilentProtocol } from "../answering.ts";
import type { Delivery, IncomingCarrier } from "../carrier.ts";
import {
  IncomingStream,
  type IncomingStreamOptions,
} from "../receiving/incoming_stream.ts";

/** Receives sealed messages, each confirmed on its own. */
export class Ssm2IncomingCarrier implements IncomingCarrier {
  readonly #stream: IncomingStream;

  constructor(options: IncomingStreamOptions) {
    this.#stream = new IncomingStream(options, new Ssm2Incoming(options.log));
  }

  deliveries(signal: AbortSignal): AsyncIterable<Delivery> {
    return this.#stream.deliveries(signal);
  }
}

/** The messages of SSM2: a record, or a ping. */
class Ssm2Incoming implements SilentProtocol {
  readonly receiverAnswers = false;
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  nameOf({ headers, messageId }: StompMessage): string {
    return headers.get("empa-id") ?? messageId;
  }

  take({ headers, messageId }: StompMessage): Promise<Arrival | undefined> {
    const id = headers.get("empa-id") || undefined;
    if (id === "ping") {
      this.#log.info("Received ping message.");
      return Promise.resolve(undefined);
    }
    // A sender without ids may well send the same text twice on purpose:
    // then only the broker's own id tells a redelivery from a new message.
    const key = id ?? `message-id ${messageId}`;
    return Promise.resolve({ id: id ?? "noid", key });
  }
}
