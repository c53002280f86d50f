/**
 * Text for people: columns, times, sizes.
 *
 * @module
 */
import { printable } from "../../log/mod.ts";
import { systemClock } from "../../time/mod.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly heading: string;
  readonly text: (row: Row) => string;
  /** Numbers stand on the right. @default "left" */
  readonly align?: "left" | "right";
}

/** The lines of a table, its headings first. */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string[] {
  const headings = columns.map(({ heading }) => heading);
  // As it will be shown: what is escaped is longer.
  const cells = rows.map((row) =>
    columns.map(({ text }) => printable(text(row)))
  );
  const widths = columns.map((_, column) =>
    [headings, ...cells].reduce(
      (width, row) => Math.max(width, row[column]!.length),
      0,
    )
  );
  return [headings, ...cells].map((row) =>
    row.map((cell, column) =>
      columns[column]!.align === "right"
        ? cell.padStart(widths[column]!)
        : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  );
}

/** Names and values, one on each line; those without a value are left out. */
export function pairs(
  values: Readonly<Record<string, string | undefined>>,
): string[] {
  const given = Object.entries(values).filter(([, value]) =>
    value !== undefined
  );
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

/** A time, in ms since 1970, as logs have it: local, to the second. */
export function localTime(ms: number): string {
  const time = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [time.getFullYear(), time.getMonth() + 1, time.getDate()];
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()];
  return `${day.map(two).join("-")} ${clock.map(two).join(":")}`;
}

/** A time, in ms since 1970, as programs read it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The time, in ms since 1970. */
export function timeNow(): number {
  return systemClock.date().getTime();
}

/** How long ago that was, roughly. */
export function age(ms: number, now = timeNow()): string {
  const seconds = Math.max(0, Math.floor((now - ms) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** "1 message", "2 messages". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
