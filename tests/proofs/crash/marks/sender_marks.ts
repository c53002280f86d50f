/**
 * The marks of the outgoing walk.
 *
 * @module
 */
import { SmimeSealer, Ssm2OutgoingCarrier } from "../../../../lib/ssm/mod.ts";
import { after } from "./patch.ts";
import type { OrderedDeath } from "../deaths/ordered_death.ts";
import { markOutgoing } from "./spool_marks.ts";
import { commands, markFrames } from "./wire_marks.ts";

/** In the order of the walk. */
export const SENDER_MARKS = [
  "after lock",
  "after seal",
  "before SEND",
  "amid SEND",
  "after SEND",
  "after the receipt",
  "before remove",
  "amid remove",
  "after remove",
] as const;

/** Reports each of them that the process comes to. */
export function markSender(death: OrderedDeath): void {
  markOutgoing(death);
  after(SmimeSealer.prototype, "seal", () => death.reach("after seal"));
  markFrames(death, commands("SEND"));
  after(
    Ssm2OutgoingCarrier.prototype,
    "send",
    () => death.reach("after the receipt"),
  );
}
