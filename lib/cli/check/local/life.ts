/**
 * How long certificates and CRLs are good for.
 *
 * @module
 */
import { systemClock } from "../../../time/mod.ts";
import type { Certificate } from "../../../pki/mod.ts";
import { type Area, type Finding, ok, warn } from "../finding/finding.ts";

const DAY_MS = 86_400_000;

/** A new certificate takes days to get. */
const WARN_DAYS = 30;

/** Says until when a certificate is valid; a third of a short life is warned of, 30 days of a long one. */
export function life(
  area: Area,
  name: string,
  { notBefore, notAfter }: Certificate,
  now = systemClock.date().getTime(),
): Finding[] {
  const leftDays = (notAfter.getTime() - now) / DAY_MS;
  const lifeDays = (notAfter.getTime() - notBefore.getTime()) / DAY_MS;
  const warnDays = Math.min(WARN_DAYS, lifeDays / 3);
  const text = `is valid until ${notAfter.toISOString()}, ${left(leftDays)}`;
  const measures = [{
    name: `${name}_days`,
    value: Math.floor(leftDays),
    unit: "",
    warn: `${Math.floor(warnDays)}:`,
    fail: "0:",
  }] as const;
  return [
    leftDays < warnDays
      ? warn(area, text, { hint: renewal(area), measures })
      : ok(area, text, { measures }),
  ];
}

function renewal(area: Area): string {
  return area === "certificate"
    ? "ask your CA for a new one, in time"
    : "its owner should have a new one by then";
}

/** In words. */
export function left(days: number): string {
  if (days < 0) return `${Math.ceil(-days)} days ago`;
  if (days < 2) return `${Math.floor(days * 24)} hours from now`;
  return `${Math.floor(days)} days from now`;
}
