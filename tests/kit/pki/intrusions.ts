/**
 * Structures with something in them that does not belong there.
 *
 * @module
 */
import { der, type DerNode, readDer } from "../../../lib/asn1/mod.ts";

/**
 * Every variant of a DER structure that has a NULL more in one of its constructed
 * elements, before the first member or behind the last.
 *
 * @param enter whether to go into an element
 */
export function* intrusions(
  structure: Uint8Array,
  enter: (node: DerNode) => boolean,
): Generator<{ where: string; bytes: Uint8Array }> {
  yield* within(readDer(structure), "0", enter);
}

function* within(
  node: DerNode,
  path: string,
  enter: (node: DerNode) => boolean,
): Generator<{ where: string; bytes: Uint8Array }> {
  if (!node.constructed || !enter(node)) return;
  const parts = node.children.map(({ raw }) => raw);
  const withParts = (...inside: Uint8Array[]) =>
    der.element(node.tag, ...inside);
  yield {
    where: `${path} front`,
    bytes: withParts(der.nullValue(), ...parts),
  };
  yield { where: `${path} end`, bytes: withParts(...parts, der.nullValue()) };
  for (const [index, child] of node.children.entries()) {
    for (const { where, bytes } of within(child, `${path}.${index}`, enter)) {
      yield { where, bytes: withParts(...parts.with(index, bytes)) };
    }
  }
}
