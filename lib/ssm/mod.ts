/**
 * The SSM protocols: what is carried, how it is sealed, and the two loops.
 *
 * @module
 */
export * from "./budget.ts";
export * from "./carrier.ts";
export * from "./envelope.ts";
export type {
  IncomingProtocol,
  IncomingStreamOptions,
  Taken,
} from "./incoming_stream.ts";
export * from "./link.ts";
export * from "./keep_sending.ts";
export * from "./message.ts";
export * from "./receiver.ts";
export * from "./retry_schedule.ts";
export * from "./sender.ts";
export * from "./smime_envelope.ts";
export * from "./ssm1_envelope.ts";
export * from "./ssm1_incoming.ts";
export * from "./ssm1_outgoing.ts";
export * from "./ssm2_incoming.ts";
export * from "./ssm2_outgoing.ts";
