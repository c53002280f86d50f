/**
 * Who sends from outgoing, and locks that somebody has left there.
 *
 * @module
 */
import { directoryExists, sendersOf } from "../../../spool/mod.ts";
import { systemClock } from "../../../time/mod.ts";
import type { OutgoingStore } from "../../wiring/outgoing.ts";
import { type Finding, findingsOf, ok, warn } from "../finding/finding.ts";

/** Running senders, and locks that are older than any sender keeps one. */
export function checkLocks(
  { path, waiting, maxLockMs }: OutgoingStore,
): Promise<Finding[]> {
  return findingsOf("process", async () => {
    if (!await directoryExists(path)) return [];
    const senders = sendersOf(path).filter(({ alive }) => alive)
      .map(({ pid, host }) =>
        ok("process", `sends from ${path} already: process ${pid} on ${host}`)
      );
    const now = systemClock.date().getTime();
    let stale = 0;
    for await (const { locked } of waiting.entries()) {
      if (locked !== undefined && maxLockMs > 0 && now - locked > maxLockMs) {
        stale++;
      }
    }
    const measures = [{ name: "stale_locks", value: stale, unit: "" }] as const;
    return [
      ...senders,
      stale === 0
        ? ok("process", `no lock was left behind in ${path}`, { measures })
        : warn(
          "process",
          `${stale} ${
            stale === 1 ? "lock was" : "locks were"
          } left behind in ${path}`,
          {
            hint:
              "the next run of the sender takes them over; at once: ssm outgoing unlock --all",
            measures,
          },
        ),
    ];
  });
}
