/**
 * The incoming walk: every message opened, filed in incoming or reject, and
 * only then confirmed.
 *
 * Several messages are opened and written at once, but they become visible,
 * and are confirmed, in the order in which they came.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { Order, type Turn } from "../../spool/mod.ts";
import { backoff, type Clock, sleep } from "../../stomp/mod.ts";
import { Budget } from "../budget.ts";
import type { Delivery, IncomingCarrier } from "../carrier.ts";
import {
  chooseDestination,
  type Destination,
  type Queues,
} from "./destination.ts";
import type { OpeningEnvelope } from "../envelope.ts";
import type { Opened } from "../opened.ts";

/** Settings of {@linkcode receive}. */
export interface ReceiveOptions extends Queues {
  readonly carrier: IncomingCarrier;
  readonly envelope: OpeningEnvelope;
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborting it finishes the messages at hand and ends. */
  readonly signal: AbortSignal;
  /** Messages worked on at the same time, which share syncs; more of them only wait for the disk. @default 8 */
  readonly concurrency?: number;
  /** How often it is tried to store a message, where files cannot be read or written. @default {Infinity} until it is stopped */
  readonly attempts?: number;
  /** Called after each message, with what became of it. */
  readonly onFiled?: (filed: Filed) => void;
}

/** Where a message went; `left` where it came from, because it could not be stored. */
export interface Filed {
  readonly id: string;
  readonly outcome: "incoming" | "reject" | "duplicate" | "left";
  /** Its name in the queue, if it is there now. */
  readonly name?: string | undefined;
  /** Why it could not be stored. */
  readonly failure?: string | undefined;
  readonly delivery: Delivery;
}

/** A message's places in the order of arrival. */
interface Turns {
  /** Of being given to the spool. */
  readonly commit: Turn;
  /** Of being confirmed. */
  readonly confirm: Turn;
}

/** Bytes of messages worked on at the same time; a single larger one is worked on alone. */
const MAX_BYTES_AT_ONCE = 32 << 20;

/** What a crash left too recently to be judged at the start is cleared away later. */
const TIDY_EVERY_MS = 3_600_000;

/** Clears away what a crash left, then receives until the signal is aborted. */
export async function receive(options: ReceiveOptions): Promise<void> {
  const { carrier, signal, clock, concurrency = 8 } = options;
  await tidy(options);
  let tidiedAt = clock.now();
  const budget = new Budget({
    messages: concurrency,
    bytes: MAX_BYTES_AT_ONCE,
  });
  const commits = new Order();
  const confirmations = new Order();
  let last = Promise.resolve();
  try {
    for await (const delivery of carrier.deliveries(signal)) {
      if (clock.now() - tidiedAt >= TIDY_EVERY_MS) {
        await tidy(options);
        tidiedAt = clock.now();
      }
      const size = delivery.body.length;
      await budget.acquire(size);
      const turns = { commit: commits.take(), confirm: confirmations.take() };
      last = process(delivery, turns, options).finally(() => {
        turns.commit.pass();
        turns.confirm.pass();
        budget.release(size);
      });
    }
  } finally {
    await last;
  }
}

/** That leftovers cannot be cleared away is no reason not to receive. */
async function tidy(
  { incoming, reject, log }: ReceiveOptions,
): Promise<void> {
  for (const spool of [incoming, reject]) {
    try {
      await spool.tidy();
    } catch (error) {
      log.warning(`Tidying failed: ${reason(error)}`);
    }
  }
}

/** Settles, never rejects, once the message and all before it are filed. */
async function process(
  delivery: Delivery,
  turns: Turns,
  options: ReceiveOptions,
): Promise<void> {
  const { log, signal, clock, attempts = Infinity, onFiled } = options;
  let place: Place | undefined;
  let failure: string | undefined;
  for (let attempt = 1; !place; attempt++) {
    try {
      place = await fileOne(delivery, turns, options);
    } catch (error) {
      // A full disk, an unreadable CA directory: not the message's fault. It
      // waits on the broker, unconfirmed, until the administrator has helped.
      failure = reason(error);
      log.error(`Failed to read or write file: ${failure}`);
      if (attempt < attempts) await sleep(clock, backoff(attempt), signal);
      if (attempt < attempts && !signal.aborted) continue;
      const where = delivery.stays ? "in reject" : "on the broker";
      log.warning(`Message ${delivery.id} stays ${where}.`);
      delivery.abandon();
      break;
    }
  }
  await turns.confirm.before;
  const { id } = delivery;
  onFiled?.({ id, delivery, ...(place ?? { outcome: "left", failure }) });
}

/** Where a message is now. */
type Place = Pick<Filed, "name"> & {
  readonly outcome: "incoming" | "reject" | "duplicate";
};

async function fileOne(
  delivery: Delivery,
  turns: Turns,
  options: ReceiveOptions,
): Promise<Place> {
  const { envelope, log } = options;
  const destination = await chooseDestination(
    delivery,
    await open(envelope, delivery),
    options,
  );
  const { opened, queue } = destination;
  const name = await file(destination, turns.commit);
  await turns.confirm.before;
  report(delivery, opened, { name, queue }, log);
  if (opened.status === "accepted") await supersede(delivery, options);
  await acknowledge(delivery, opened, log);
  return { name, outcome: name === undefined ? "duplicate" : queue };
}

/** What its sender has got through at last need not be kept in reject. */
async function supersede(
  { origin }: Delivery,
  { reject, log }: Pick<ReceiveOptions, "reject" | "log">,
): Promise<void> {
  if (origin === undefined) return;
  try {
    await reject.supersede?.(origin);
  } catch (error) {
    log.warning(`An earlier try stays in reject: ${reason(error)}`);
  }
}

/** A fault of ours on one message must not stop the next: it is kept in reject. */
async function open(
  envelope: OpeningEnvelope,
  { body, broken }: Delivery,
): Promise<Opened> {
  if (broken !== undefined) {
    return { status: "rejected", body, signer: undefined, error: broken };
  }
  try {
    return await envelope.open(body);
  } catch (error) {
    if (isSsmError(error)) throw error;
    const words = `Internal error: ${reason(error)}`;
    return { status: "rejected", body, signer: undefined, error: words };
  }
}

/** Writes at once, commits in turn; the name in the queue, `undefined` for a duplicate. */
async function file(
  { spool, message }: Destination,
  turn: Turn,
): Promise<string | undefined> {
  const prepared = await spool.prepare(message);
  try {
    await turn.before;
    const committed = prepared?.commit();
    turn.pass();
    return await committed;
  } finally {
    await prepared?.discard();
  }
}

function report(
  delivery: Delivery,
  opened: Opened,
  { name, queue }: { name: string | undefined; queue: string },
  log: Logger,
): void {
  log.info(`Received message. ID = ${delivery.label ?? delivery.id}`);
  if (opened.status === "accepted") log.info(`Valid signer: ${opened.signer}`);
  else log.warning(`Message rejected: ${opened.error}`);
  log.info(
    name === undefined
      ? `Message was received before, ignored. ID = ${delivery.id}`
      : `Message saved to ${queue} queue as ${name}`,
  );
}

async function acknowledge(
  delivery: Delivery,
  opened: Opened,
  log: Logger,
): Promise<void> {
  try {
    await delivery.ack(opened);
  } catch (error) {
    // It is on disk; the broker will deliver it again and it will be known.
    log.warning(
      `Message ${delivery.id} could not be acknowledged: ${reason(error)}`,
    );
  }
}
