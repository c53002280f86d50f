/**
 * Changes of valid bytes that a transport, a fault or an attacker could make.
 *
 * @module
 */
import type { Random } from "../../kit/random.ts";

/** What mutations draw from. */
export interface Material {
  /** Valid inputs, to splice parts of. */
  readonly samples: readonly Uint8Array[];
  /** Words that mean something in this format. */
  readonly words: readonly Uint8Array[];
}

/** Inputs do not grow beyond this. */
const MAX_BYTES = 1 << 16;

/** What lengths and characters tend to be compared with. */
const EDGES = [0, 1, 9, 10, 13, 0x20, 0x2d, 0x30, 0x3a, 0x5c, 0x7f, 0x80, 0xff];

type Mutation = (
  bytes: Uint8Array,
  random: Random,
  material: Material,
) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  // A bit flips.
  (bytes, random) => {
    const copy = bytes.slice();
    copy[random.below(copy.length)]! ^= 1 << random.below(8);
    return copy;
  },
  // A byte becomes one that often means something.
  (bytes, random) => {
    const copy = bytes.slice();
    copy[random.below(copy.length)] = random.pick(EDGES);
    return copy;
  },
  // Something like a length field is overwritten.
  (bytes, random) => {
    const copy = bytes.slice();
    const at = random.below(copy.length);
    const width = random.pick([2, 3, 4]);
    copy.fill(random.pick([0, 1, 0x7f, 0x80, 0xff]), at, at + width);
    return copy;
  },
  // The end is missing.
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  // A piece is missing.
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return replaced(bytes, from, to, new Uint8Array());
  },
  // A piece comes twice, or many times.
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    const times = random.oneIn(4) ? random.below(200) : 1;
    const piece = bytes.subarray(from, to);
    const count = Math.min(times, Math.floor(MAX_BYTES / (piece.length || 1)));
    const copies = new Uint8Array(piece.length * count);
    for (let i = 0; i < count; i++) copies.set(piece, i * piece.length);
    return replaced(bytes, from, from, copies);
  },
  // A piece moves.
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    const piece = bytes.slice(from, to);
    const rest = replaced(bytes, from, to, new Uint8Array());
    const at = random.below(rest.length + 1);
    return replaced(rest, at, at, piece);
  },
  // A piece is another input's.
  (bytes, random, { samples }) => {
    const other = random.pick(samples);
    const [from, to] = range(other, random);
    const [start, end] = range(bytes, random);
    return replaced(bytes, start, end, other.subarray(from, to));
  },
  // Noise comes in.
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, at, random.bytes(random.length(64)));
  },
  // A word comes in, or takes the place of something.
  (bytes, random, { words }) => {
    if (words.length === 0) return bytes;
    const at = random.below(bytes.length + 1);
    const word = random.pick(words);
    const end = random.oneIn(2) ? at : at + word.length;
    return replaced(bytes, at, Math.min(end, bytes.length), word);
  },
];

/** A few changes, one upon the other. */
export function mutate(
  bytes: Uint8Array,
  random: Random,
  material: Material,
): Uint8Array {
  let changed = bytes;
  for (let left = random.length(8); left > 0; left--) {
    changed = random.pick(MUTATIONS)(changed, random, material);
  }
  return changed.subarray(0, MAX_BYTES);
}

function range(bytes: Uint8Array, random: Random): [number, number] {
  const from = random.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + random.length(bytes.length))];
}

function replaced(
  bytes: Uint8Array,
  from: number,
  to: number,
  by: Uint8Array,
): Uint8Array {
  const result = new Uint8Array(bytes.length - (to - from) + by.length);
  result.set(bytes.subarray(0, from));
  result.set(by, from);
  result.set(bytes.subarray(to), from + by.length);
  return result;
}
