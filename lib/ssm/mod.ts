/**
 * The SSM protocols: what is carried, how it is sealed, and the two loops.
 *
 * @module
 */
export {
  AmsIncomingCarrier,
  type AmsIncomingOptions,
} from "./ams/receiving/incoming.ts";
export {
  AmsOutgoingCarrier,
  type AmsOutgoingOptions,
} from "./ams/sending/outgoing.ts";
export type { AmsSubscription, AmsTopic } from "./ams/service.ts";
export type { AnswerableMessage } from "./answering.ts";
export { Budget } from "./budget.ts";
export type { IncomingCarrier, OutgoingCarrier } from "./carrier.ts";
export type { OpeningEnvelope, SealingEnvelope } from "./envelope.ts";
export type { IncomingStreamOptions } from "./receiving/incoming_stream.ts";
export { keepSending } from "./sending/keep_sending.ts";
export {
  type Filed,
  receive,
  type ReceiveOptions,
} from "./receiving/receiver.ts";
export { RETRY_FIELD, retryMark } from "./receiving/retry_mark.ts";
export { receiveAndRetry } from "./retry/receive.ts";
export { isOfLoader, type Retried, retryRejected } from "./retry/rejected.ts";
export { UntrustedRetry } from "./retry/untrusted.ts";
export { RetrySchedule } from "./sending/retry_schedule.ts";
export type { SendOutcome, SendReport } from "./sending/send_report.ts";
export { sendAll, type SendAllOptions } from "./sending/sender.ts";
export { SmimeOpener, SmimeSealer } from "./ssm2/envelope.ts";
export {
  type ConsumerIdentity,
  refuseConsumer,
} from "./ssm1/consumer_certificate.ts";
export { Ssm1Opener, Ssm1Sealer } from "./ssm1/envelope.ts";
export { Ssm1IncomingCarrier } from "./ssm1/incoming.ts";
export {
  Ssm1OutgoingCarrier,
  type Ssm1OutgoingOptions,
} from "./ssm1/outgoing.ts";
export { Ssm2IncomingCarrier } from "./ssm2/incoming.ts";
export { Ssm2OutgoingCarrier } from "./ssm2/outgoing.ts";
export {
  describeMessage,
  type DescribeOptions,
  type MessageFacts,
} from "./inspection/describe.ts";
