/**
 * What carries the messages of SSM2: the one place that chooses by protocol.
 *
 * @module
 */
import type { ReceiverConfig, SenderConfig } from "../../../config/mod.ts";
import type { IncomingCarrier, OutgoingCarrier } from "../../../ssm/mod.ts";
import { amsIncoming, amsOutgoing } from "./ams.ts";
import type { CarrierContext, OutgoingContext } from "./carrier_context.ts";
import { stompIncoming, stompOutgoing } from "./stomp.ts";

/** @throws {SsmError} `CONFIG` when a file with a password or token cannot be read. */
export function outgoingCarrier(
  { broker, ...config }: SenderConfig,
  context: OutgoingContext,
): OutgoingCarrier {
  return broker.protocol === "AMS"
    ? amsOutgoing(broker, config, context)
    : stompOutgoing(broker, config, context);
}

/** @throws {SsmError} `CONFIG` when a file with a password or token cannot be read. */
export function incomingCarrier(
  { broker, ...config }: ReceiverConfig,
  context: CarrierContext,
): IncomingCarrier {
  return broker.protocol === "AMS"
    ? amsIncoming(broker, config, context)
    : stompIncoming(broker, config, context);
}
