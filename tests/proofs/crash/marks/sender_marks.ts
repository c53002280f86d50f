/**
 * The marks of the outgoing walk.
 *
 * @module
 */
import { SmimeSealer, Ssm2OutgoingCarrier } from "../../../../lib/ssm/mod.ts";
import { after } from "./patch.ts";
import type { Reaper } from "../reaper.ts";
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

/** Tells the reaper of them. */
export function markSender(reaper: Reaper): void {
  markOutgoing(reaper);
  after(SmimeSealer.prototype, "seal", () => reaper.reach("after seal"));
  markFrames(reaper, commands("SEND"));
  after(
    Ssm2OutgoingCarrier.prototype,
    "send",
    () => reaper.reach("after the receipt"),
  );
}
