/**
 * ASN.1: reading DER and BER, writing DER, PEM, object identifiers.
 *
 * @module
 */
export * from "./algorithms.ts";
export { readBeginning } from "./beginning.ts";
export * from "./canonical.ts";
export * from "./members.ts";
export * from "./oid.ts";
export * from "./pem.ts";
export { contextTag, derError, DerNode, readDer, TAG } from "./read.ts";
export * from "./values.ts";
export * as der from "./write.ts";
