/**
 * Findings as lines for people, as a document, and as the one line of a Nagios plug-in.
 *
 * @module
 */
import type { Terminal } from "../../command/terminal.ts";
import { printableJson } from "../../../log/mod.ts";
import type { Finding, Level, Measure } from "./finding.ts";

/** What was checked, and what was found. */
export interface Report {
  /** The configuration. */
  readonly file: string;
  /** What it makes: `sender`, …; `undefined` when that cannot be told. */
  readonly role: string | undefined;
  /** `SSM2 over STOMP`, …; `undefined` when that cannot be told. */
  readonly protocol: string | undefined;
  readonly findings: readonly Finding[];
}

/** From the best to the worst. */
const LEVELS: readonly Level[] = ["ok", "warn", "unknown", "fail"];

/** The statuses of Nagios plug-ins, and the words for them. */
const STATUSES: Readonly<Record<Level, [code: number, word: string]>> = {
  ok: [0, "OK"],
  warn: [1, "WARNING"],
  fail: [2, "CRITICAL"],
  unknown: [3, "UNKNOWN"],
};

/** The worst of all findings. */
function worstOf(findings: readonly Finding[]): Level {
  const ranks = findings.map(({ level }) => LEVELS.indexOf(level));
  return LEVELS[Math.max(0, ...ranks)]!;
}

/** The exit status. */
export function statusOf(findings: readonly Finding[]): number {
  return STATUSES[worstOf(findings)][0];
}

/** A peer must not fill the screen. */
const MAX_LENGTH = 1000;

/** Without what must not be shown, and not longer than it can be read. */
export function presentable(
  findings: readonly Finding[],
  secrets: readonly string[],
): Finding[] {
  const clean = (text: string) => {
    const open = secrets.reduce(
      (text, secret) => text.replaceAll(secret, "***"),
      text,
    );
    return open.length > MAX_LENGTH ? `${open.slice(0, MAX_LENGTH)}…` : open;
  };
  const seen = new Set<string>();
  return findings.map((finding) => ({
    ...finding,
    text: clean(finding.text),
    ...(finding.hint !== undefined && { hint: clean(finding.hint) }),
  })).filter(({ level, area, text }) => {
    // Several parts that use one file say the same of it.
    const key = JSON.stringify([level, area, text]);
    return seen.size < seen.add(key).size;
  });
}

/** For people: one line for each finding, and under it what to do. */
export function showLines(
  { findings }: Report,
  terminal: Pick<Terminal, "out">,
): void {
  const width = Math.max(...findings.map(({ area }) => area.length));
  for (const { level, area, text, hint } of findings) {
    terminal.out(
      `${level.padEnd(7)}  ${area.padEnd(width)}  ${text}`,
      level === "ok" ? undefined : "bad",
    );
    if (hint === undefined) continue;
    terminal.out(`${" ".repeat(7 + 2 + width + 2)}→ ${hint}`);
  }
  terminal.out(summary(findings));
}

/** `1 failure, 2 warnings, 12 ok` */
function summary(findings: readonly Finding[]): string {
  const count = (level: Level) =>
    findings.filter((finding) => finding.level === level).length;
  const parts = [
    [count("fail"), "failure", "failures"],
    [count("unknown"), "unknown", "unknown"],
    [count("warn"), "warning", "warnings"],
    [count("ok"), "ok", "ok"],
  ] as const;
  return parts.filter(([number]) => number > 0)
    .map(([number, one, many]) => `${number} ${number === 1 ? one : many}`)
    .join(", ");
}

/** For programs: one document on one line; see docs/operating.md. */
export function showDocument(
  { file, role, protocol, findings }: Report,
  terminal: Pick<Terminal, "out">,
): void {
  terminal.out(printableJson({
    check: {
      file,
      role: role ?? null,
      protocol: protocol ?? null,
      status: worstOf(findings),
      findings: findings.map(({ level, area, text, hint, measures = [] }) => ({
        level,
        area,
        text,
        hint: hint ?? null,
        measures: measures.map(({ name, value, unit }) => ({
          name,
          value,
          unit,
        })),
      })),
    },
  }));
}

/** For Nagios and its kin: status, the worst finding, and numbers. */
export function showNagios(
  { findings }: Report,
  terminal: Pick<Terminal, "out">,
): void {
  const worst = worstOf(findings);
  const those = findings.filter(({ level }) => level === worst);
  const [first] = those;
  const words = worst === "ok" || first === undefined
    ? `${findings.length} checks`
    : `${first.text}${
      those.length > 1 ? ` (and ${those.length - 1} more)` : ""
    }`;
  const measures = findings.flatMap(({ measures = [] }) => measures);
  // The line is cut at the first bar.
  const text = `SSM ${STATUSES[worst][1]} - ${words.replaceAll("|", "/")}`;
  const numbers = measures.map(performanceData).join(" ");
  terminal.out(numbers === "" ? text : `${text} | ${numbers}`);
}

function performanceData(
  { name, value, unit, warn = "", fail = "" }: Measure,
): string {
  return `${name}=${value}${unit};${warn};${fail}`.replace(/;+$/, "");
}
