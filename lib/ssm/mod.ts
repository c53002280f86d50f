/**
 * The SSM protocols: what is carried, how it is sealed, and the two loops.
 *
 * @module
 */
export * from "./budget.ts";
export * from "./carrier.ts";
export * from "./envelope.ts";
export * from "./link.ts";
export * from "./message.ts";
export * from "./receiver.ts";
export * from "./sender.ts";
export * from "./smime_envelope.ts";
export * from "./ssm2_incoming.ts";
export * from "./ssm2_outgoing.ts";
