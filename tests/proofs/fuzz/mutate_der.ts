/**
 * Changes of ASN.1 data that keep it well-formed around the change, so that
 * they reach the readers behind the one of lengths and tags.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import * as der from "../../../lib/asn1/write.ts";
import { type DerNode, readDer } from "../../../lib/asn1/read.ts";
import { isSsmError } from "../../../lib/errors.ts";
import { type Material, mutate } from "./mutate.ts";
import type { Random } from "../../kit/random.ts";

/** An element that can be taken apart and put together again. */
interface Element {
  tag: number;
  /** Of a constructed element; otherwise `content` counts. */
  children: Element[] | undefined;
  content: Uint8Array;
}

/** More than that are not made more. */
const MAX_ELEMENTS = 1000;

const TAGS = [1, 2, 3, 4, 5, 6, 0x0c, 0x13, 0x17, 0x18, 0x1e, 0x24, 0x30];
const CONTEXT_TAGS = [0x31, 0x80, 0x81, 0x82, 0xa0, 0xa1, 0xa3];

/** A few changes of elements of `bytes`; plain changes where it is not ASN.1. */
export function mutateDer(
  bytes: Uint8Array,
  random: Random,
  material: Material,
): Uint8Array {
  const root = parse(bytes);
  const other = parse(random.pick(material.samples));
  if (!root || !other) return mutate(bytes, random, material);
  for (let left = random.length(4); left > 0; left--) {
    const elements = all(root);
    if (elements.length > MAX_ELEMENTS) break;
    change(random.pick(elements), random, { ...material, other });
  }
  return write(root, random.oneIn(8) ? random : undefined);
}

function change(
  element: Element,
  random: Random,
  material: Material & { other: Element },
): void {
  const { children } = element;
  const at = random.below(children?.length ?? 0);
  switch (random.below(children && children.length > 0 ? 9 : 4)) {
    case 0:
      element.tag = random.pick(random.oneIn(2) ? TAGS : CONTEXT_TAGS);
      if ((element.tag & 0x20) !== 0) element.children ??= [];
      return;
    case 1:
      element.content = random.oneIn(8)
        ? random.bytes(random.length(5000))
        : mutate(element.content, random, material);
      return;
    case 2:
      Object.assign(element, structuredClone(random.pick(all(material.other))));
      return;
    case 3:
      // A wrapper, or many of them.
      for (let n = random.oneIn(8) ? 40 : 1; n > 0; n--) {
        Object.assign(element, {
          tag: random.pick([0x30, 0x31, 0x24, 0xa0]),
          children: [{ ...element }],
        });
      }
      return;
    case 4:
      children!.splice(at, 1);
      return;
    case 5:
      children!.splice(at, 0, structuredClone(children![at]!));
      return;
    case 6:
      children!.reverse();
      return;
    case 7:
      children!.splice(
        at,
        0,
        structuredClone(random.pick(all(material.other))),
      );
      return;
    default:
      // Many of one kind.
      for (let n = random.below(300); n > 0; n--) {
        children!.push(children![at]!);
      }
  }
}

function all(root: Element): Element[] {
  return [root, ...root.children?.flatMap(all) ?? []];
}

function parse(bytes: Uint8Array): Element | undefined {
  try {
    return take(readDer(bytes));
  } catch (error) {
    if (isSsmError(error, "DER")) return undefined;
    throw error;
  }
}

function take(node: DerNode): Element {
  const { tag, content } = node;
  return {
    tag,
    content,
    children: node.constructed ? node.children.map(take) : undefined,
  };
}

/** With `random`, some lengths are of the indefinite or over-long form. */
function write(element: Element, random?: Random): Uint8Array {
  const { tag, children } = element;
  if (!children || (tag & 0x20) === 0) return der.element(tag, element.content);
  const parts = children.map((child) => write(child, random));
  if (!random?.oneIn(4)) return der.element(tag, ...parts);
  const body = Buffer.concat(parts);
  return Buffer.concat(
    random.oneIn(2)
      ? [Uint8Array.of(tag, 0x80), body, new Uint8Array(2)]
      : [Uint8Array.of(tag, 0x84), lengthOctets(body.length), body],
  );
}

function lengthOctets(length: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, length);
  return octets;
}
