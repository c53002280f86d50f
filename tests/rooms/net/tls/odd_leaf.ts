/**
 * Leaf certificates that a TLS peer might show, ordinary or with one element
 * written otherwise.
 *
 * The signature of an odd one no longer fits, which nothing in a handshake
 * looks at.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { der, type DerNode, readDer } from "../../../../lib/asn1/mod.ts";
import {
  craftCertificate,
  craftExtension,
} from "../../../kit/pki/craft_certificate.ts";

/** One form of a leaf. */
export interface LeafForm {
  readonly what: string;
  readonly leaf: Uint8Array;
  /** The key that belongs to it. */
  readonly key: KeyObject;
  /** What the refusal names; `undefined` when TLS proves the key. */
  readonly refused: RegExp | undefined;
}

/** Bytes from hexadecimal digits, with blanks for the eye. */
export const hex = (text: string) =>
  Uint8Array.fromHex(text.replaceAll(" ", ""));

/** Where the members of the signed part are. */
export const AT = {
  version: 0,
  serial: 1,
  algorithm: 2,
  subject: 5,
  key: 6,
  tail: 7,
};

/** What most hosts have: no authority, signs, for both sides of TLS, `localhost`. */
export const EXTENSIONS = [
  craftExtension("2.5.29.19", der.sequence(), true),
  craftExtension("2.5.29.15", hex("03 02 07 80"), true),
  craftExtension(
    "2.5.29.37",
    der.sequence(der.oid("1.3.6.1.5.5.7.3.1"), der.oid("1.3.6.1.5.5.7.3.2")),
  ),
  craftExtension("2.5.29.17", names("localhost")),
];

/** The value of a subjectAltName with one DNS name. */
export function names(dns: string): Uint8Array {
  return der.sequence(der.contextPrimitive(2, new TextEncoder().encode(dns)));
}

/** The P-256 key that leaves are made for unless said otherwise. */
export const EC = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
/** An RSA key of 2048 bits. */
export const RSA =
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

/** A leaf of version 3 as hosts have it. */
export function made(key: KeyObject, extensions = EXTENSIONS): Uint8Array {
  return craftCertificate({ key, extensions });
}

/** `bytes` with the element that `path` leads to, by the places of its ancestors, written otherwise. */
export function edited(
  bytes: Uint8Array,
  path: readonly number[],
  change: (element: DerNode) => Uint8Array,
): Uint8Array {
  const write = (node: DerNode, [at, ...rest]: readonly number[]) =>
    at === undefined ? change(node) : der.element(
      node.tag,
      ...node.children.map((child, index): Uint8Array =>
        index === at ? write(child, rest) : child.raw
      ),
    );
  return write(readDer(bytes), path);
}

/** A form whose key TLS proves. */
export function ordinary(
  what: string,
  key: KeyObject,
  leaf = made(key),
): LeafForm {
  return { what, key, leaf, refused: undefined };
}

/** The same with more extensions. */
export function ordinaryWith(
  what: string,
  ...extensions: Uint8Array[]
): LeafForm {
  return ordinary(what, EC, made(EC, [...EXTENSIONS, ...extensions]));
}

/** An ordinary leaf with one member of its signed part, or what that contains, written otherwise. */
export function odd(
  what: string,
  path: readonly number[],
  change: (element: DerNode) => Uint8Array,
  refused: RegExp,
  key = EC,
): LeafForm {
  const leaf = edited(made(key), [0, ...path], change);
  return { what, key, leaf, refused };
}

/** A form whose key TLS may not prove, as it is. */
export function oddWhole(
  what: string,
  leaf: Uint8Array,
  refused: RegExp,
): LeafForm {
  return { what, key: EC, leaf, refused };
}

/** The ordinary leaf with one more extension, which spoils it. */
export function oddWith(what: string, extension: Uint8Array, refused: RegExp) {
  return oddWhole(what, made(EC, [...EXTENSIONS, extension]), refused);
}

/** The ordinary leaf with another value in the extension at that place. */
export function oddValue(
  what: string,
  at: number,
  value: Uint8Array,
  refused = /extension 2\.5\.29\.\d+ is malformed/,
) {
  return odd(
    what,
    [AT.tail, 0, at],
    (extension) =>
      der.sequence(
        ...extension.children.slice(0, -1).map(({ raw }) => raw),
        der.octetString(value),
      ),
    refused,
  );
}

/** Parts one after the other. */
export const joined = (...parts: Uint8Array[]) => Buffer.concat(parts);
/** A change for {@linkcode edited}: one more member at the end. */
export const withMember = (member: Uint8Array) => ({ tag, content }: DerNode) =>
  der.element(tag, content, member);
