/**
 * The wiring of SSM2 over STOMP.
 *
 * @module
 */
import type {
  ReceiverConfig,
  SenderConfig,
  StompReceiving,
  StompSending,
} from "../../../config/mod.ts";
import { Ssm2IncomingCarrier, Ssm2OutgoingCarrier } from "../../../ssm/mod.ts";
import { systemClock } from "../../../stomp/mod.ts";
import type { CarrierContext, OutgoingContext } from "./carrier_context.ts";
import { composeEndpoints } from "./endpoints.ts";

/** A sender is sent receipts and errors only. */
const FRAME_LIMIT_OF_SENDER = 1 << 20;

/** Sends to the brokers of a configuration. */
export function stompOutgoing(
  broker: StompSending,
  { certificates, messaging }: Omit<SenderConfig, "broker">,
  { identity, trust, wire, signal, onConnection }: OutgoingContext,
): Ssm2OutgoingCarrier {
  return new Ssm2OutgoingCarrier({
    endpoints: composeEndpoints(broker, {
      identity,
      trust,
      log: wire,
      checkCrls: certificates.checkCrls,
      maxBodyBytes: FRAME_LIMIT_OF_SENDER,
    }),
    destination: messaging.destination,
    retryForMs: broker.retryForMs,
    signal,
    onConnection,
    log: wire,
    clock: systemClock,
  });
}

/** Receives from the brokers of a configuration. */
export function stompIncoming(
  broker: StompReceiving,
  { certificates, messaging }: Omit<ReceiverConfig, "broker">,
  { identity, trust, wire, onConnection }: CarrierContext,
): Ssm2IncomingCarrier {
  return new Ssm2IncomingCarrier({
    endpoints: composeEndpoints(broker, {
      identity,
      trust,
      log: wire,
      checkCrls: certificates.checkCrls,
      maxBodyBytes: messaging.maxMessageBytes,
    }),
    destination: messaging.destination,
    prefetch: messaging.window,
    onConnection,
    log: wire,
    clock: systemClock,
  });
}
