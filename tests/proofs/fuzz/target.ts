/**
 * What is fuzzed, and the loop that does it.
 *
 * @module
 */
import { type Material, mutate } from "./mutate.ts";
import { mutateDer } from "./mutate_der.ts";
import { Random } from "../../kit/random.ts";

/** A reader under test. */
export interface Target {
  readonly name: string;
  /** Valid inputs. */
  readonly samples: readonly Uint8Array[];
  /** Words that mean something in this format. */
  readonly words?: readonly string[];
  /** True for ASN.1 data, which is changed by elements as well. */
  readonly der?: boolean;
  /** Throws when a promise is broken; `random` is for choices of the check itself. */
  check(input: Uint8Array, random: Random): void | Promise<void>;
}

/** How long and from where. */
export interface FuzzOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Number of the first input. @default 0 */
  readonly first?: number;
}

/** What a run has done. */
export interface FuzzReport {
  readonly inputs: number;
  /** The longest that one input took, in ms, and its number. */
  readonly slowest: { readonly ms: number; readonly input: number };
}

/** A broken promise, and how to see it again. */
export class Finding extends Error {
  constructor(
    { target, seed, number, input }: {
      target: string;
      seed: number;
      number: number;
      input: Uint8Array;
    },
    cause: unknown,
  ) {
    const how =
      `SSM_FUZZ_SEED=${seed} deno run -A tests/proofs/fuzz/main.ts ${target} 0 ${number}`;
    super(`${cause}\n${how}\n${input.toBase64()}`, { cause });
  }
}

/**
 * Gives changed samples to the target until the time is over, one at least.
 * Each input depends on the seed and its number alone.
 *
 * @throws {Finding}
 */
export async function fuzz(
  target: Target,
  { seed, seconds, first = 0 }: FuzzOptions,
): Promise<FuzzReport> {
  const { samples, words = [], name } = target;
  const encoder = new TextEncoder();
  const material = {
    samples,
    words: words.map((word) => encoder.encode(word)),
  };
  const end = performance.now() + seconds * 1000;
  let slowest = { ms: 0, input: first };
  let number = first;
  do {
    const random = new Random(Math.imul(seed, 0x9e3779b1) + number);
    const input = makeInput(target, random, material);
    const start = performance.now();
    try {
      await target.check(input, random);
    } catch (error) {
      throw new Finding({ target: name, seed, number, input }, error);
    }
    const ms = performance.now() - start;
    if (ms > slowest.ms) slowest = { ms, input: number };
    number++;
  } while (performance.now() < end);
  return { inputs: number - first, slowest };
}

function makeInput(
  target: Target,
  random: Random,
  material: Material,
): Uint8Array {
  const sample = random.pick(material.samples);
  return target.der && !random.oneIn(4)
    ? mutateDer(sample, random, material)
    : mutate(sample, random, material);
}
