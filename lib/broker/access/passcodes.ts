/**
 * Passcodes as they may lie in a file: hashed with scrypt (RFC 7914), in the
 * form of the PHC strings, `$scrypt$ln=15,r=8,p=1$SALT$HASH`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../time/mod.ts";
import { Turns, type Waiter } from "./turns.ts";

/** What a hash costs to make (RFC 7914). */
export interface Cost {
  /** Binary logarithm of the number of rounds. */
  readonly ln: number;
  /** The size of a block; memory grows with it. */
  readonly r: number;
  /** How many times in a row; time grows with it. */
  readonly p: number;
}

/** 32 MiB and about 0.1 s, for somebody who guesses passcodes as for us. */
const COST: Cost = { ln: 15, r: 8, p: 1 };
/** What a line of a file may make us spend: 512 MiB. */
const MAX_MEMORY_BYTES = 512 << 20;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** A passcode that only shows whether another is the same. */
export interface PasscodeHash {
  /** What it cost, and costs again for each passcode that is compared. */
  readonly cost: Cost;
  /** Random, so that equal passcodes have different hashes. */
  readonly salt: Uint8Array;
  /** What the passcode and the salt give. */
  readonly hash: Uint8Array;
}

/** Hashes a passcode, each time with another salt; the text is for a file. */
export async function hashPasscode(passcode: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(passcode, { cost: COST, salt, bytes: HASH_BYTES });
  const { ln, r, p } = COST;
  const base64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

/** Reads such a text; `undefined` if it is none, or would cost too much. */
export function parsePasscodeHash(text: string): PasscodeHash | undefined {
  const [, ln, r, p, salt, hash] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/
      .exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (cost.ln < 1 || cost.r < 1 || cost.p < 1 || cost.p > 16) return undefined;
  if (memoryOf(cost) > MAX_MEMORY_BYTES) return undefined;
  return {
    cost,
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

/** Judges passcodes by their hashes. */
export class HashedPasscodes {
  readonly #hashes: ReadonlyMap<string, PasscodeHash>;
  /** Takes as long as any other, and is nobody's. */
  readonly #nobody: PasscodeHash = {
    cost: COST,
    salt: Buffer.alloc(SALT_BYTES),
    hash: randomBytes(HASH_BYTES),
  };
  /** Passcodes found right, under a key of this process: a client that comes back costs nothing. */
  readonly #known = new Map<string, Buffer>();
  readonly #key = randomBytes(32);
  /** One after the other: else guessers would take all memory and processors. */
  readonly #turns: Turns;

  /** @param hashes by login */
  constructor(hashes: ReadonlyMap<string, PasscodeHash>, clock?: Clock) {
    this.#hashes = hashes;
    this.#turns = new Turns(clock);
  }

  /**
   * Tells whether it is the passcode of that login; as slow for a login that is
   * unknown.
   *
   * @throws {SsmError} `LIMIT` when too many wait for their answer, `ABORTED`
   *   when the client is gone before its turn
   */
  async check(
    login: string,
    passcode: string,
    client: Waiter,
  ): Promise<boolean> {
    const tag = createHmac("sha256", this.#key).update(passcode).digest();
    const known = this.#known.get(login);
    if (known !== undefined && timingSafeEqual(known, tag)) return true;
    const expected = this.#hashes.get(login);
    const right = await this.#turns.take(client, async () => {
      const fits = await isRight(passcode, expected ?? this.#nobody);
      return fits && expected !== undefined;
    });
    if (right) this.#known.set(login, tag);
    return right;
  }
}

async function isRight(
  passcode: string,
  { cost, salt, hash }: PasscodeHash,
): Promise<boolean> {
  const bytes = hash.length;
  return timingSafeEqual(await derive(passcode, { cost, salt, bytes }), hash);
}

function derive(
  passcode: string,
  { cost, salt, bytes }: { cost: Cost; salt: Uint8Array; bytes: number },
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const options = {
    N: 2 ** cost.ln,
    r: cost.r,
    p: cost.p,
    // The limit itself is exclusive, and blocks besides the rounds count, too.
    maxmem: 2 * memoryOf(cost) + (1 << 20),
  };
  scrypt(passcode, salt, bytes, options, (error, key) => {
    if (error) reject(error);
    else resolve(key);
  });
  return promise;
}

function memoryOf({ ln, r }: Cost): number {
  return 128 * r * 2 ** ln;
}
