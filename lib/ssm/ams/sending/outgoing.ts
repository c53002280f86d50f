/**
 * SSM2 (EMPA) over the ARGO Messaging Service, the sending side.
 *
 * @module
 */
import { storedSize } from "../../../ams/mod.ts";
import { SsmError } from "../../../errors.ts";
import type { OutgoingCarrier } from "../../carrier.ts";
import type { Sealed } from "../../envelope.ts";
import { empaidOf, MOST_EMPAID } from "./empaid.ts";
import { Publisher, type PublisherOptions } from "./publisher.ts";
import { type AmsTopic, MOST_SHOWN } from "../service.ts";

/** Settings of an {@linkcode AmsOutgoingCarrier}. */
export interface AmsOutgoingOptions extends
  Pick<
    PublisherOptions,
    "retryForMs" | "signal" | "log" | "clock" | "random"
  >,
  Partial<
    Pick<PublisherOptions, "batchMessages" | "batchBytes" | "stopGraceMs">
  > {
  /** Makes a client of the topic; sends nothing yet. */
  readonly connect: () => AmsTopic;
  /** Where the service is, for the log. */
  readonly host: string;
  /** The topic, for the log. */
  readonly destination: string;
  /** Largest message, in bytes as they are stored. @default 1000000 */
  readonly messageLimit?: number;
}

/** Less than any server in use takes. */
const MESSAGE_LIMIT = 1_000_000;

/** Sends sealed messages; one is sent when the service's id of it is there. */
export class AmsOutgoingCarrier implements OutgoingCarrier {
  readonly #options: AmsOutgoingOptions;
  #open: { readonly topic: AmsTopic; publisher: Publisher } | undefined;

  constructor(options: AmsOutgoingOptions) {
    this.#options = options;
  }

  /** Largest body that fits whatever the id, in bytes. */
  get maxBodyBytes(): number {
    const attributes = { empaid: "x".repeat(MOST_EMPAID) };
    const rest = storedSize({ data: new Uint8Array(), attributes });
    return Math.floor((this.#messageLimit - rest) / 4) * 3;
  }

  /** Asks nothing of the network: the first message does. */
  open(): Promise<void> {
    const { connect, log, host, destination } = this.#options;
    if (!this.#open) {
      log.info(`Will connect to ${host}`);
      log.info(`Will send messages to: ${destination}`);
      const topic = connect();
      this.#open = { topic, publisher: this.#publisherTo(topic) };
    } else if (this.#open.publisher.isOver) {
      this.#open.publisher = this.#publisherTo(this.#open.topic);
    }
    return Promise.resolve();
  }

  /** @returns what the log says of a sent message, as the original: `Argo ID: 17` */
  async send(id: string, { body }: Sealed): Promise<string> {
    const publisher = this.#open?.publisher;
    if (publisher === undefined) {
      throw new SsmError("ABORTED", "The connection was closed on request");
    }
    const empaid = empaidOf(id);
    const message = { data: body, attributes: { empaid } };
    const storedBytes = storedSize(message);
    this.#assertFits(id, storedBytes);
    if (empaid !== id) {
      this.#options.log.info(
        `Message ${id} travels as ${empaid}: AMS does not keep every letter of its name.`,
      );
    }
    const argoId = await publisher.publish({ name: id, message, storedBytes });
    return `Argo ID: ${argoId.slice(0, MOST_SHOWN)}`;
  }

  async close(): Promise<void> {
    const topic = this.#open?.topic;
    this.#open = undefined;
    await topic?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #messageLimit(): number {
    return this.#options.messageLimit ?? MESSAGE_LIMIT;
  }

  #publisherTo(topic: AmsTopic): Publisher {
    return new Publisher({
      batchMessages: 100,
      batchBytes: 8_000_000,
      stopGraceMs: 20_000,
      ...this.#options,
      topic,
    });
  }

  #assertFits(id: string, storedBytes: number): void {
    const messageLimit = this.#messageLimit;
    if (storedBytes <= messageLimit) return;
    throw new SsmError(
      "UNSENDABLE",
      `Cannot send message "${id}": AMS would store ${storedBytes} bytes, the limit is ${messageLimit}`,
      { hint: "split = records sends accounting records in smaller parts" },
    );
  }
}
