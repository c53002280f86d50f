/**
 * Where a message goes, and what makes two deliveries one message.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Signing as SignedMessage } from "../../smime/mod.ts";
import type {
  ElementFields,
  IncomingMessage,
  IncomingSpool,
  SignedSpool,
  Signing,
} from "../../spool/mod.ts";
import type { Delivery } from "../carrier.ts";
import type { Opened, Rejected } from "../opened.ts";
import { KEY_FIELD, retryMark } from "./retry_mark.ts";

/** Where messages can go. */
export interface Queues {
  readonly incoming: SignedSpool;
  readonly reject: IncomingSpool;
}

/** Where a message is to go, and as what. */
export interface Destination {
  readonly spool: IncomingSpool;
  readonly queue: "incoming" | "reject";
  readonly opened: Opened;
  readonly message: IncomingMessage;
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
  const place = delivery.stays ?? reject;
  if (opened.status === "rejected") return rejection(delivery, opened, place);
  const { id, key } = delivery;
  const { payload, signer, signing } = opened;
  const message = messageOf(
    delivery,
    { body: payload, signer, empaid: id },
    signing && signingOf(signing, key),
  );
  const doubt = await incoming.doubt(message);
  if (doubt === undefined) {
    return { spool: incoming, queue: "incoming", opened, message };
  }
  return rejection(delivery, {
    status: "rejected",
    body: delivery.body,
    signer: opened.signer,
    error: `Taken for a replay: ${doubt}. If it is none, have it sent again.`,
  }, place);
}

function rejection(
  delivery: Delivery,
  opened: Rejected,
  reject: IncomingSpool,
): Destination {
  const { id, key } = delivery;
  const { body, error, missing } = opened;
  const signer = opened.signer ?? "Not available.";
  const fields = {
    ...{ body, signer, empaid: id, error },
    ...(key !== id && { [KEY_FIELD]: key }),
    ...(missing && retryMark(key, missing)),
  };
  const message = messageOf(delivery, fields);
  return { spool: reject, queue: "reject", opened, message };
}

/** What is delivered of a message. */
function messageOf(
  { key, origin }: Delivery,
  fields: ElementFields & Content,
  signing?: Signing,
): IncomingMessage {
  let id: string | undefined;
  return {
    fields,
    signing,
    origin,
    // Only for a spool that asks for it: the whole content is hashed.
    get key() {
      return id ??= identity(key, fields);
    },
  };
}

/** The content of a message, and its signer. */
interface Content {
  readonly body: Uint8Array;
  readonly signer: string;
}

/** Same sender's id, same signer, same content: the same message. */
function identity(id: string, { signer, body }: Content): string {
  const hash = createHash("sha256");
  // Lengths first, so that no two different triples read alike.
  for (const part of [id, signer]) {
    const bytes = new TextEncoder().encode(part);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.update(body).digest("hex");
}

/** As OpenSSL makes them: 128 random bits, another time for each signing. */
const RANDOM_BOUNDARY = /^-{4}[0-9A-F]{32}$/;

/**
 * The act of signing that a delivery comes from.
 *
 * Where a statement may have been signed again, a random MIME boundary tells one
 * signing from another: a message that is repeated as it is has the same one. It is
 * not signed, but only somebody who can decrypt the message can change it. Where
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
