/**
 * GeneralName: the kinds of names in subjectAltName, name constraints and
 * distribution points.
 *
 * Source: RFC 5280 §4.2.1.6.
 *
 * @module
 */
import { contextTag, type DerNode } from "../../asn1/mod.ts";
import { type Name, readName } from "./name.ts";

/** One name. The text of `email`, `dns` and `uri` has one character per octet. */
export type GeneralName =
  | { readonly kind: "email" | "dns" | "uri"; readonly value: string }
  /** 4 or 16 octets; twice as many in name constraints, where a mask follows. */
  | { readonly kind: "ip"; readonly bytes: Uint8Array }
  | { readonly kind: "directory"; readonly name: Name }
  /** A form that ssm does not compare; `tag` tells it from the others. */
  | { readonly kind: "other"; readonly tag: number };

/**
 * Reads one GeneralName.
 *
 * @throws {SsmError} `DER` when it is malformed.
 */
export function readGeneralName(node: DerNode): GeneralName {
  switch (node.tag) {
    case contextTag(1, false):
      return { kind: "email", value: text(node) };
    case contextTag(2, false):
      return { kind: "dns", value: text(node) };
    case contextTag(6, false):
      return { kind: "uri", value: text(node) };
    case contextTag(7, false):
      return { kind: "ip", bytes: node.content };
    case contextTag(4):
      // Name is a CHOICE, so the tag is explicit.
      return {
        kind: "directory",
        name: readName(node.at(0, "directory name")),
      };
    default:
      return { kind: "other", tag: node.tag };
  }
}

function text(node: DerNode): string {
  return Array.from(node.content, (byte) => String.fromCharCode(byte)).join("");
}
