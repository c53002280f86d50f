/**
 * The marks of SSM1: of its outgoing walk, which a producer takes, and of its
 * incoming walk, which a consumer takes.
 *
 * @module
 */
import { Ssm1Incoming } from "../../../../lib/spool/mod.ts";
import {
  Ssm1Opener,
  Ssm1OutgoingCarrier,
  Ssm1Sealer,
} from "../../../../lib/ssm/mod.ts";
import { after, before } from "./patch.ts";
import type { OrderedDeath } from "../deaths/ordered_death.ts";
import { markFiles, markOutgoing } from "./spool_marks.ts";
import { commands, type FrameNamer, markFrames } from "./wire_marks.ts";

/** In the order of the walk. */
export const PRODUCER_MARKS = [
  "after certreq",
  "after lock",
  "after seal",
  "before msg",
  "amid msg",
  "after msg",
  "after the answer",
  "before remove",
  "amid remove",
  "after remove",
  "before ping",
  "after ping",
] as const;

/** In the order of the walk. */
export const CONSUMER_MARKS = [
  "after certresp",
  "after delivery",
  "after opening",
  "after ticket",
  "after temp write",
  "after sync",
  "after mark",
  "after entry",
  "after sync of the entry",
  "after rename of the body",
  "after rename of the signer",
  "after sync of incoming",
  "after sync of the mark",
  "after removal of the ticket",
  "before ack",
  "after ack",
  "before ACK",
  "after ACK",
  "before forgetting",
  "after forgetting",
] as const;

/** A body that is not visible yet. */
const BODY = /\/incoming\/\.tmp-[^/]+\.[0-9a-f]{32}$/;

/** The signer beside it. */
const SIGNER = /\/incoming\/\.tmp-[^/]+\.sig$/;

/** What an entry is made from. */
const TICKET = /\/ack\/\.tmp-[^/]+$/;

/** The directory of the marks of signings. */
const LEDGER = /\/\.ssm-ledger\/incoming$/;

/** Frames of SSM1 have names of their own, besides those of STOMP. */
const byType: FrameNamer = (head) =>
  commands("ACK")(head) ??
    /^SEND\n(?:.+\n)*ssm-msg-type:(.+)\n/.exec(head)?.[1];

/** Reports each of them that the process comes to. */
export function markSsm1(death: OrderedDeath): void {
  markFrames(death, byType);
  markOutgoing(death);
  after(Ssm1Sealer.prototype, "seal", () => death.reach("after seal"));
  after(
    Ssm1OutgoingCarrier.prototype,
    "send",
    () => death.reach("after the answer"),
  );
  before(Ssm1Opener.prototype, "open", () => death.reach("after delivery"));
  after(Ssm1Opener.prototype, "open", () => death.reach("after opening"));
  const incoming = Ssm1Incoming.prototype;
  before(incoming, "forget", () => death.reach("before forgetting"));
  after(incoming, "forget", () => death.reach("after forgetting"));
  markStorage(death);
}

function markStorage(death: OrderedDeath): void {
  markFiles({
    written(path) {
      if (BODY.test(path)) death.reach("after temp write");
    },
    synced(path) {
      if (BODY.test(path)) death.reach("after sync");
      if (TICKET.test(path)) death.reach("after ticket");
      if (path.endsWith("/ack")) death.reach("after sync of the entry");
      if (LEDGER.test(path)) death.reach("after sync of the mark");
      else if (path.endsWith("/incoming")) {
        death.reach("after sync of incoming");
      }
    },
  });
  after(Deno, "linkSync", (_result, _self, from) => {
    if (TICKET.test(`${from}`)) death.reach("after entry");
  });
  after(Deno, "symlinkSync", () => death.reach("after mark"));
  after(Deno, "renameSync", (_result, _self, from) => {
    if (BODY.test(`${from}`)) death.reach("after rename of the body");
    if (SIGNER.test(`${from}`)) death.reach("after rename of the signer");
  });
  after(Deno, "removeSync", (_result, _self, path) => {
    if (TICKET.test(`${path}`)) death.reach("after removal of the ticket");
  });
}
