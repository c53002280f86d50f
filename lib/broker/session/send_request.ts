/**
 * What a SEND frame may ask for.
 *
 * @module
 */
import type { Frame } from "../../stomp/mod.ts";
import { checkHeadRoom } from "../limits/head_room.ts";
import type { BrokerLimits } from "../limits/limits.ts";
import { type Destinations, isPattern } from "../message/destination.ts";
import { readExpiry } from "../message/expiry.ts";
import {
  checkRouting,
  checkSendOptions,
  readFlag,
} from "../message/options.ts";
import { quote, refusal } from "../message/refusal.ts";

/**
 * Looks whether this broker can do what a SEND frame asks for. What it cannot do
 * is refused now: once a transaction commits it is too late to say no.
 *
 * @throws {SsmError} `STOMP_PROTOCOL` if not
 */
export function checkSend(
  frame: Frame,
  destinations: Destinations,
  limits: BrokerLimits["frames"],
): void {
  checkHeadRoom(frame, limits);
  checkSendOptions(frame);
  readFlag(frame, "persistent");
  readExpiry(frame, 0);
  for (const destination of destinations) {
    if (isPattern(destination)) {
      throw refusal(
        `Cannot send to ${quote(destination.path)}: it is a pattern`,
      );
    }
    checkRouting(frame, "destination-type", destination);
  }
}
