/**
 * What one file is sent as: one message, or several when it is larger than a message
 * may be and can be split.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { SpoolEntry } from "../../spool/mod.ts";
import type { Scale, Sealed, SealingEnvelope } from "../envelope.ts";
import { type Parts, splitRecords } from "../splitting/split.ts";

/** What is done with a file that is too large for one message. */
export type Splitting = "no" | "records";

/** Settings of {@linkcode writeLetter}. */
export interface LetterOptions<Message extends Sealed> {
  readonly envelope: SealingEnvelope<Message>;
  /** Largest file that goes as it is, and, if it is split, largest sealed message, in bytes. */
  readonly maxMessageBytes: number;
  /** Largest sealed message that the carrier takes, in bytes. */
  readonly maxBodyBytes: number;
  /** Left out where the protocol does not let a file be split. */
  readonly split?: Splitting | undefined;
}

/** One message of a letter. */
export interface LetterPart<Message extends Sealed> {
  readonly id: string;
  readonly sealed: Promise<Message>;
  readonly isLast: boolean;
}

/** A larger file is not even read to be split, in bytes. */
const MAX_SPLIT_BYTES = 1 << 30;

/**
 * The messages of one file, each made and sealed while the one before is sent: so
 * the whole file is in memory once, and sealed no more of it than is under way.
 */
export class Letter<Message extends Sealed> {
  readonly #name: string;
  readonly #parts: Parts;
  readonly #seal: (payload: Uint8Array) => Promise<Message>;
  /** Begun at once, so that it is ready when the letter's turn comes. */
  #next: Promise<Message>;

  constructor(
    name: string,
    parts: Parts,
    seal: (payload: Uint8Array) => Promise<Message>,
  ) {
    this.#name = name;
    this.#parts = parts;
    this.#seal = seal;
    this.#next = this.#begin(0);
  }

  /** How many messages there are. */
  get count(): number {
    return this.#parts.count;
  }

  /** The messages in order; to be gone through once. */
  *messages(): Generator<LetterPart<Message>> {
    const { count } = this;
    for (let index = 0; index < count; index++) {
      const sealed = this.#next;
      const isLast = index === count - 1;
      if (!isLast) this.#next = this.#begin(index + 1);
      const suffix = count === 1 ? "" : `.${index + 1}of${count}`;
      yield { id: `${this.#name}${suffix}`, sealed, isLast };
    }
  }

  async #sealPart(index: number): Promise<Message> {
    return await this.#seal(this.#parts.part(index));
  }

  #begin(index: number): Promise<Message> {
    const sealed = this.#sealPart(index);
    // A rejection is dealt with in the message's turn, not before.
    sealed.catch(() => {});
    return sealed;
  }
}

/**
 * Reads a file and makes a letter of it.
 *
 * @throws {SsmError} `UNSENDABLE` when it is empty or too large.
 */
export async function writeLetter<Message extends Sealed>(
  entry: SpoolEntry,
  options: LetterOptions<Message>,
): Promise<Letter<Message>> {
  const { split, maxMessageBytes, envelope } = options;
  if (entry.size === 0) throw unsendable(entry, "the file is empty");
  const limit = split === "records" ? MAX_SPLIT_BYTES : maxMessageBytes;
  if (entry.size > limit) {
    throw unsendable(
      entry,
      `it has ${entry.size} bytes, the limit is ${limit}`,
      split === "no" ? SPLIT_HINT : undefined,
    );
  }
  const payload = await entry.read();
  if (split === "records") return splitLetter(entry, payload, options);
  const seal = (payload: Uint8Array) => envelope.seal(payload);
  return new Letter(entry.name, whole(payload), seal);
}

function splitLetter<Message extends Sealed>(
  entry: SpoolEntry,
  payload: Uint8Array,
  { envelope, maxMessageBytes, maxBodyBytes }: LetterOptions<Message>,
): Letter<Message> {
  const seal = (part: Uint8Array) => envelope.seal(part);
  const scale = envelope.scale?.(payload) ?? PLAIN_SCALE;
  const isTooLarge = payload.length > maxMessageBytes;
  const isTaken = maxBodyBytes === Infinity ||
    scale.fixed + scale.weigh(payload) <= maxBodyBytes;
  if (!isTooLarge && isTaken) {
    return new Letter(entry.name, whole(payload), seal);
  }
  const limit = Math.min(maxMessageBytes, maxBodyBytes);
  const parts = splitRecords(payload, limit, scale);
  if (!("why" in parts)) return new Letter(entry.name, parts, seal);
  const refuse = (what: string, limit: number) =>
    unsendable(
      entry,
      `${what}, the limit is ${limit}, and it cannot be split: ${parts.why}`,
    );
  if (isTooLarge) {
    throw refuse(`it has ${payload.length} bytes`, maxMessageBytes);
  }
  // A scale tells the most that it may become.
  return new Letter(entry.name, whole(payload), async (payload) => {
    const sealed = await seal(payload);
    const { length } = sealed.body;
    if (length <= maxBodyBytes) return sealed;
    throw refuse(`sealed it has ${length} bytes`, maxBodyBytes);
  });
}

const PLAIN_SCALE: Scale = { fixed: 0, weigh: ({ length }) => length };

function whole(payload: Uint8Array): Parts {
  return { count: 1, part: () => payload };
}

const SPLIT_HINT =
  "with split = records in [messaging], messages of usage records are sent in parts";

function unsendable(
  entry: SpoolEntry,
  state: string,
  hint?: string | undefined,
): SsmError {
  return new SsmError(
    "UNSENDABLE",
    `Cannot send message "${entry.name}": ${state}`,
    hint === undefined ? {} : { hint },
  );
}
