/**
 * What waits for the loader, and what was not accepted.
 *
 * @module
 */
import { deliveredIn, type RejectedSpool } from "../../spool/mod.ts";
import { RejectGroups } from "../views/reject_views.ts";
import { isoTime } from "../views/table.ts";
import {
  type IncomingStatus,
  type RejectStatus,
  secondsSince,
} from "./document.ts";
import type { StatusSite } from "./site.ts";

/** Looks at names alone. */
export function incomingPart(
  { path, type }: NonNullable<StatusSite["incoming"]>,
  now: number,
): IncomingStatus {
  const { count, oldest } = deliveredIn(path, type);
  return {
    path,
    elements: count,
    oldest_seconds: oldest === undefined ? null : secondsSince(oldest, now),
  };
}

/** So many messages, the latest, are looked into. */
const MAX_GROUPED = 2000;

/** Counts the names, and looks into the latest. */
export function rejectPart(
  path: string,
  rejected: Pick<RejectedSpool, "ids" | "entry">,
): RejectStatus {
  const ids = [...rejected.ids()];
  const groups = new RejectGroups();
  for (const id of ids.slice(-MAX_GROUPED)) {
    const entry = rejected.entry(id);
    if (entry) groups.add(entry);
  }
  const list = groups.list();
  return {
    path,
    total: ids.length,
    newest: list.length === 0
      ? null
      : isoTime(Math.max(...list.map(({ newest }) => newest))),
    grouped: groups.total,
    groups: list.map(({ reason, signer = null, count, newest }) => ({
      ...{ reason, signer, count },
      newest: isoTime(newest),
    })),
  };
}
