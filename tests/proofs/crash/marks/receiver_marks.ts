/**
 * The marks of the incoming walk.
 *
 * @module
 */
import { SmimeOpener } from "../../../../lib/ssm/mod.ts";
import { after, before } from "./patch.ts";
import type { OrderedDeath } from "../deaths/ordered_death.ts";
import { markFiles } from "./spool_marks.ts";
import { commands, markFrames } from "./wire_marks.ts";

/** On the way from a delivery to the disk, in the order of the walk. */
export const DISK_MARKS = [
  "after delivery",
  "after opening",
  "after temp write",
  "after sync",
  "after staging",
  "after mark in the ledger",
  "after entry in the ledger",
  "after sync of the ledger",
  "after rename",
  "after sync of incoming",
] as const;

/** In the order of the walk. */
export const RECEIVER_MARKS = [
  ...DISK_MARKS,
  "before ACK",
  "amid ACK",
  "after ACK",
] as const;

/** A field of an element that is being written. */
const FIELD = /\/temporary\/[^/]+\.part\/[^/]+$/;

/** An element that is whole, but not in the queue yet. */
const STAGED = /\/temporary\/[0-9a-f]{64}\.[0-9a-f]{16}\.[0-9a-f]{32}$/;

/** The directory of the memory of delivered messages. */
const LEDGER = /\/\.ssm-ledger\/incoming$/;

/** The mark of a signing in it, and the entry of a key. */
const MARK = /\/[0-9a-f]{32}$/;
const ENTRY = /\/[0-9a-f]{64}$/;

/** An intermediate directory, which elements are renamed into. */
const ELEMENTS = /\/incoming\/[0-9a-f]{8}$/;

/** Reports each of them that the process comes to. */
export function markReceiver(death: OrderedDeath): void {
  markStorage(death);
  markFrames(death, commands("ACK"));
}

/** Reports those before the acknowledgement. */
export function markStorage(death: OrderedDeath): void {
  before(
    SmimeOpener.prototype,
    "open",
    () => death.reach("after delivery"),
  );
  after(SmimeOpener.prototype, "open", () => death.reach("after opening"));
  markFiles({
    written(path) {
      if (FIELD.test(path)) death.reach("after temp write");
    },
    synced(path) {
      if (FIELD.test(path)) death.reach("after sync");
      if (LEDGER.test(path)) death.reach("after sync of the ledger");
      if (ELEMENTS.test(path)) death.reach("after sync of incoming");
    },
  });
  after(Deno, "renameSync", (_result, _self, from, to) => {
    if (STAGED.test(`${to}`)) death.reach("after staging");
    if (STAGED.test(`${from}`)) death.reach("after rename");
  });
  after(Deno, "symlinkSync", (_result, _self, _text, path) => {
    if (MARK.test(`${path}`)) death.reach("after mark in the ledger");
    if (ENTRY.test(`${path}`)) death.reach("after entry in the ledger");
  });
}
