/**
 * The SSM protocols: what is carried, how it is sealed, and the two loops.
 *
 * @module
 */
export type * from "./answering.ts";
export * from "./budget.ts";
export * from "./carrier.ts";
export * from "./envelope.ts";
export type { IncomingStreamOptions } from "./incoming_stream.ts";
export * from "./keep_sending.ts";
export * from "./opened.ts";
export * from "./receiver.ts";
export * from "./retry/mark.ts";
export * from "./retry/receive.ts";
export * from "./retry/untrusted.ts";
export * from "./retry_schedule.ts";
export * from "./sender.ts";
export * from "./ssm2/envelope.ts";
export {
  type ConsumerIdentity,
  refuseConsumer,
} from "./ssm1/consumer_certificate.ts";
export * from "./ssm1/envelope.ts";
export * from "./ssm1/incoming.ts";
export * from "./ssm1/outgoing.ts";
export * from "./ssm2/incoming.ts";
export * from "./ssm2/outgoing.ts";
