/**
 * Files to be sent, of all kinds, and what each of them is.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { DirqSimple } from "../../../../lib/spool/mod.ts";
import { InPlaceWriter } from "./in_place.ts";
import type { Random } from "../../../kit/random.ts";

/**
 * What kind of directory it is. A name in a `nameless` one does not travel: there
 * a file is known by its digest.
 */
export type OutgoingType = "dirq" | "directory" | "nameless";

/** Settings of an {@linkcode Outgoing}. */
export interface OutgoingOptions {
  readonly type: OutgoingType;
  readonly random: Random;
  /** One of so many files is large. @default 12 */
  readonly largeOneIn?: number;
  /** Size of these, in bytes. @default 200000 */
  readonly largeBytes?: number;
  /** What a name in a `directory` is where it arrives. @default itself */
  readonly idOf?: (name: string) => string;
  /** Whether other elements are written in place all the time; for a dirq. @default false */
  readonly inPlace?: boolean;
}

/** As {@linkcode DirqSimple} sees it who never thinks that what is written in place is complete. */
const ONLY_HONEST = { minAgeMs: 86_400_000 };

/** SHA-256, in hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An outgoing directory, and the memory of all that was ever put there. */
export class Outgoing {
  /** The digest of each file, by what it is known by where it arrives. */
  readonly files = new Map<string, string>();
  readonly #path: string;
  readonly #options: OutgoingOptions;
  #writer: InPlaceWriter | undefined;

  constructor(path: string, options: OutgoingOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Adds files until so many wait that can be sent. */
  async fill(count: number): Promise<void> {
    if (this.#options.inPlace) {
      this.#writer ??= new InPlaceWriter(this.#path, {
        random: this.#options.random,
        begin: (name, bytes) => this.files.set(name, digestOf(bytes)),
        makeContent: () => makeContent(this.files.size, this.#options),
      });
    }
    for (let waiting = await this.waiting(); waiting < count; waiting++) {
      await this.add();
    }
  }

  /** Adds a file that is like no other; what it is known by. */
  async add(): Promise<string> {
    const bytes = makeContent(this.files.size, this.#options);
    const digest = digestOf(bytes);
    const name = this.#options.type === "dirq"
      ? await new DirqSimple(this.#path).add(bytes)
      : await this.#drop(bytes);
    const { type, idOf = (name: string) => name } = this.#options;
    const id = type === "nameless" ? digest : idOf(name);
    this.files.set(id, digest);
    return id;
  }

  /** Nothing is written in place any more, and what was is complete and old. */
  async finish(): Promise<void> {
    await this.#writer?.[Symbol.asyncDispose]();
    this.#writer = undefined;
  }

  /** How many files are there that can be sent. */
  async waiting(): Promise<number> {
    if (this.#options.type === "dirq") {
      return (await new DirqSimple(this.#path, ONLY_HONEST).list()).length;
    }
    const entries = await Array.fromAsync(Deno.readDir(this.#path));
    return entries.filter(({ isFile }) => isFile).length;
  }

  async #drop(bytes: Uint8Array): Promise<string> {
    const serial = String(this.files.size).padStart(6, "0");
    const name = `größe ${serial} %41.rec`;
    await Deno.writeFile(`${this.#path}/.new`, bytes);
    await Deno.rename(`${this.#path}/.new`, `${this.#path}/${name}`);
    return name;
  }
}

/** Mostly small texts; line ends, alphabets and bytes of every kind; some large. */
function makeContent(
  serial: number,
  { random, largeOneIn = 12, largeBytes = 200_000 }: OutgoingOptions,
): Uint8Array {
  const kind = random.from(0, 3);
  const length = random.oneIn(largeOneIn) ? largeBytes : random.from(1, 3000);
  const head = new TextEncoder().encode(`record ${serial} ${random.seed}`);
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  const alphabet = [
    "plain text, line after line\n",
    "carriage\r\nreturns \r\n\r\n",
    "Universidad de Málaga\n\u2028\t",
  ][kind];
  const pattern = alphabet === undefined
    ? Uint8Array.from({ length: 256 }, () => random.from(0, 255))
    : new TextEncoder().encode(alphabet);
  for (let at = 0; at < length; at++) {
    bytes[head.length + at] = pattern[at % pattern.length]!;
  }
  return bytes;
}
