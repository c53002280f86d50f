/**
 * Files that are sent as several messages, and carriers that do not take all.
 *
 * @module
 */
import { SsmError } from "../../../../lib/errors.ts";
import {
  sendAll,
  type SendAllOptions,
  Ssm2OutgoingCarrier,
} from "../../../../lib/ssm/mod.ts";
import { InstantClock } from "../../../kit/clocks.ts";
import {
  endpoint,
  QUEUE,
  type SendChanges,
  type Stage,
} from "../../../kit/stage.ts";

/** Its first line. */
export const HEADER = "APEL-summary-job-message: v0.2\n";

/** A record of 20 bytes. */
export function record(number: number): string {
  return `Site: ${String(number).padStart(10, "0")}\n%%\n`;
}

/** A message with those records. */
export function message(...numbers: number[]): string {
  return HEADER + numbers.map(record).join("");
}

/** Has room for two records. */
export const LIMIT = message(1, 2).length;
/** Splits what is larger. */
export const SPLIT: SendChanges = { maxMessageBytes: LIMIT, split: "records" };

/** The ids of its parts. */
export function idsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}.${i + 1}of${count}`);
}

/** A carrier that takes no more bytes than that, or that does not want some messages. */
class OddCarrier extends Ssm2OutgoingCarrier {
  maxBodyBytes = Infinity;
  unwanted = /^$/;
  /** Is called when a message is confirmed. */
  confirmed = (_id: string) => {};

  override async send(id: string, message: { body: Uint8Array }) {
    if (this.unwanted.test(id)) {
      throw new SsmError("UNSENDABLE", `Cannot send message "${id}": unwanted`);
    }
    await super.send(id, message);
    this.confirmed(id);
  }
}

/** Runs a sender with a carrier of that kind. */
export async function sendOver(
  stage: Stage,
  port: number,
  changes: Partial<SendAllOptions>,
  prepare: (carrier: OddCarrier) => void,
) {
  const { log, signal, outgoing: spool } = stage;
  await using carrier = new OddCarrier({
    endpoints: [endpoint(port)],
    destination: QUEUE,
    retryForMs: 0,
    clock: new InstantClock(),
    ...{ log, signal },
  });
  prepare(carrier);
  return await sendAll({
    envelope: { seal: (body) => Promise.resolve({ body }) },
    ...{ split: "records", spool, carrier, log, signal },
    ...changes,
  });
}
