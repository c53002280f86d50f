/**
 * Senders and a receiver of SSM2.
 *
 * @module
 */
import type { Section } from "../../../kit/ini_text.ts";
import { Site } from "../../../kit/programs/program_site.ts";
import { Consumer, DIRQ_CONSUMER } from "./consumer.ts";
import {
  MAX_LOCK_AGE_S,
  type Parties,
  type PartiesOptions,
  PATIENCE_S,
  type Receiver,
  type Sender,
} from "./parties.ts";
import { RECEIVER_MARKS } from "../marks/receiver_marks.ts";
import { SENDER_MARKS } from "../marks/sender_marks.ts";
import { Outgoing } from "./traffic.ts";
import { elementsIn } from "../verdict/verdict.ts";

/** Senders from a dirq and from a plain directory, and a receiver. */
export async function ssm2Parties(options: PartiesOptions): Promise<Parties> {
  const site = await Site.make(options.pki);
  const [first, second] = [await site.another(), await site.another()];
  const config = await site.receiver(options.port);
  const senders = [
    await dirqSender(first, options),
    await directorySender(second, options),
  ];
  return {
    senders,
    receiver: await ssm2Receiver(site, config, {
      marks: RECEIVER_MARKS,
      ready: /Subscribing to: /,
      taken: (id) => `ID = ${id}`,
    }),
    async [Symbol.asyncDispose]() {
      for (const { outgoing } of senders) await outgoing.finish();
      for (const one of [first, second, site]) await one[Symbol.asyncDispose]();
    },
  };
}

/** What differs from one transport to the other. */
interface ReceiverOfTransport extends Pick<Receiver, "marks" | "ready"> {
  /** How a line begins to speak of a message that has been taken: up to its end, or to what nobody knows before. */
  readonly taken: (id: string) => string;
}

/** The receiver of a site, with its configuration. */
export async function ssm2Receiver(
  site: Site,
  config: string,
  { marks, ready, taken }: ReceiverOfTransport,
): Promise<Receiver> {
  const incoming = `${site.received}/incoming`;
  await Deno.mkdir(incoming, { recursive: true });
  return {
    marks,
    args: ["receive", `--config=${config}`],
    path: site.received,
    ready,
    signer: "/C=UK/O=Test/CN=ec.example.org",
    dnFile: `${site.dir}/dns`,
    logfile: site.logfile,
    again: /Message was received before/,
    pidfile: site.pidfile,
    consume: (how) =>
      new Consumer(DIRQ_CONSUMER, {
        path: incoming,
        stopFile: `${site.dir}/stop`,
        ...how,
      }),
    arrivals: () => elementsIn(incoming),
    // The queue keeps its order: when this one is there, so are all before it.
    async seen(running, id) {
      await running.line(endingWith(taken(id)));
      await running.line(/Message (saved to incoming queue|was received)/);
    },
  };
}

/** The age at which what is written in place counts as complete, in seconds. */
const MIN_FILE_AGE_S = 10;

/** `[messaging]` of a sender from a dirq. */
export const FROM_DIRQ: Section = {
  path_type: "dirq",
  max_lock_age: MAX_LOCK_AGE_S,
  // Longer than a busy machine lets a writer wait between two pieces.
  min_file_age: MIN_FILE_AGE_S,
};

/** The same of one from a plain directory, with several messages under way. */
export const FROM_DIRECTORY: Section = {
  path_type: "directory",
  min_file_age: 0,
  max_lock_age: MAX_LOCK_AGE_S,
  window: 4,
};

/** One message at a time, which is the default; some are written in place while it runs. */
async function dirqSender(
  site: Site,
  options: PartiesOptions,
): Promise<Sender> {
  const config = await site.sender(options.port, {
    broker: { retry_for: PATIENCE_S },
    messaging: FROM_DIRQ,
  });
  return {
    marks: SENDER_MARKS,
    args: ["send", `--config=${config}`],
    outgoing: new Outgoing(site.outgoing, {
      ...options,
      type: "dirq",
      inPlace: true,
    }),
    path: site.outgoing,
  };
}

/** Several messages under way at once. */
async function directorySender(
  site: Site,
  options: PartiesOptions,
): Promise<Sender> {
  const config = await site.sender(options.port, {
    broker: { retry_for: PATIENCE_S },
    messaging: FROM_DIRECTORY,
  });
  return {
    marks: SENDER_MARKS,
    args: ["send", `--config=${config}`],
    outgoing: new Outgoing(site.outgoing, { ...options, type: "directory" }),
    path: site.outgoing,
  };
}

function endingWith(text: string): RegExp {
  return new RegExp(`${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\d*$`);
}
