/**
 * Where a message goes, and what makes two deliveries one message.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Signing as SignedMessage } from "../smime/mod.ts";
import type {
  ElementFields,
  IncomingSpool,
  SignedSpool,
  Signing,
} from "../spool/mod.ts";
import type { Delivery } from "./carrier.ts";
import type { Accepted, Opened, Rejected } from "./opened.ts";
import { retryMark } from "./retry/mark.ts";

/** Where messages can go. */
export interface Queues {
  readonly incoming: SignedSpool;
  readonly reject: IncomingSpool;
}

/** Where a message is to go, as what, under which identity. */
export interface Destination {
  readonly spool: IncomingSpool;
  readonly queue: "incoming" | "reject";
  readonly opened: Opened;
  readonly key: string;
  readonly fields: ElementFields;
  readonly signing?: Signing | undefined;
}

/**
 * What is accepted goes to incoming, unless it is, as far as can be told, not a
 * message of its own right but a replay of another one.
 */
export async function chooseDestination(
  delivery: Delivery,
  opened: Opened,
  { incoming, reject }: Queues,
): Promise<Destination> {
  if (opened.status === "rejected") return rejection(delivery, opened, reject);
  const message = messageOf(delivery, opened);
  const { key, fields, signing } = message;
  const doubt = signing && await incoming.doubt(key, fields, signing);
  if (doubt === undefined) {
    return { ...message, spool: incoming, queue: "incoming", opened };
  }
  return rejection(delivery, {
    status: "rejected",
    body: delivery.body,
    signer: opened.signer,
    error: `Taken for a replay: ${doubt}. If it is none, have it sent again.`,
  }, reject);
}

function rejection(
  { id, key }: Delivery,
  opened: Rejected,
  reject: IncomingSpool,
): Destination {
  const { body, error, missing } = opened;
  const signer = opened.signer ?? "Not available.";
  return {
    spool: reject,
    queue: "reject",
    opened,
    key: identity(key, signer, body),
    fields: {
      ...{ body, signer, empaid: id, error },
      ...(missing && retryMark(key, missing)),
    },
  };
}

function messageOf(
  { id, key }: Delivery,
  { payload, signer, signing }: Accepted,
): Pick<Destination, "key" | "fields" | "signing"> {
  return {
    key: identity(key, signer, payload),
    fields: { body: payload, signer, empaid: id },
    signing: signing && signingOf(signing, key),
  };
}

/** Same sender's id, same signer, same content: the same message. */
function identity(
  id: string,
  signer: string,
  content: Uint8Array,
): string {
  const hash = createHash("sha256");
  // Lengths first, so that no two different triples read alike.
  for (const part of [id, signer]) {
    const bytes = new TextEncoder().encode(part);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.update(content).digest("hex");
}

/** As OpenSSL makes them: 128 random bits, another time for each signing. */
const RANDOM_BOUNDARY = /^-{4}[0-9A-F]{32}$/;

/**
 * The act of signing that a delivery comes from.
 *
 * Where a statement may have been signed again, a random MIME boundary tells one
 * signing from another: who repeats a message as it is repeats it, too. It can be
 * changed, but not by somebody who cannot read it, because it is encrypted. Where
 * there is none, only the sender's id is left.
 */
function signingOf(
  { statement, unique, boundary }: SignedMessage,
  id: string,
): Signing {
  if (unique) return { statement, variant: undefined };
  const isRandom = boundary !== undefined && RANDOM_BOUNDARY.test(boundary);
  return { statement, variant: isRandom ? boundary : id };
}
