/**
 * What a check finds, as values: the command shows them, whatever form is wanted.
 *
 * @module
 */
import { ConfigError } from "../../../config/mod.ts";
import { isSsmError, reason } from "../../../errors.ts";
import { Logger } from "../../../log/mod.ts";

/** How bad it is; `unknown` when it cannot be told. */
export type Level = "ok" | "warn" | "unknown" | "fail";

/** What was looked at. */
export type Area =
  | "configuration"
  | "directories"
  | "process"
  | "certificate"
  | "authorities"
  | "server_cert"
  | "dn_list"
  | "broker"
  | "ams";

/** A number for those who draw curves. */
export interface Measure {
  /** Of small letters, digits and `_`. */
  readonly name: string;
  readonly value: number;
  /** Seconds, bytes, or a count. */
  readonly unit: "s" | "B" | "";
  /** Below it, or above, it is a warning, as Nagios writes ranges. @default none */
  readonly warn?: string;
  /** The same for a failure. @default none */
  readonly fail?: string;
}

/** One finding. */
export interface Finding {
  readonly level: Level;
  readonly area: Area;
  /** What, and where. */
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly measures?: readonly Measure[];
}

type More = Pick<Finding, "hint" | "measures">;

/** All is well there. */
export function ok(area: Area, text: string, more: More = {}): Finding {
  return { level: "ok", area, text, ...more };
}

/** It works, but somebody should look at it. */
export function warn(area: Area, text: string, more: More = {}): Finding {
  return { level: "warn", area, text, ...more };
}

/** It does not work. */
export function fail(area: Area, text: string, more: More = {}): Finding {
  return { level: "fail", area, text, ...more };
}

/** Nobody knows whether it works. */
export function unknown(area: Area, text: string, more: More = {}): Finding {
  return { level: "unknown", area, text, ...more };
}

/** What an error says: all of it, where a file has several. What nobody expected tells nothing. */
export function failures(area: Area, error: unknown): Finding[] {
  if (error instanceof ConfigError) {
    const { others, warnings } = error;
    return [
      ...[error, ...others].map(({ message, hint }) =>
        fail(area, message, { hint })
      ),
      ...warnings.map((words) => warn(area, words)),
    ];
  }
  if (isSsmError(error)) {
    // Asked to stop: that is no finding.
    if (error.code === "ABORTED") throw error;
    return [fail(area, error.message, { hint: error.hint })];
  }
  return [unknown(area, `Cannot tell: ${reason(error)}`)];
}

/** What came of an attempt, and what was found on the way. */
export interface Attempt<T> {
  /** `undefined` when it failed. */
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Does what the programs do. Warnings that they would write into their log, and the
 * error that would stop them, are findings.
 */
export async function attempt<T>(
  area: Area,
  work: (log: Logger) => T | Promise<T>,
): Promise<Attempt<T>> {
  const findings: Finding[] = [];
  const log = new Logger("check", [
    ({ message }) => findings.push(warn(area, message)),
  ], "WARNING");
  try {
    return { value: await work(log), findings };
  } catch (error) {
    findings.push(...failures(area, error));
    return { value: undefined, findings };
  }
}

/** The same, where only the findings are wanted. */
export async function findingsOf(
  area: Area,
  work: (log: Logger) => Promise<readonly Finding[]> | readonly Finding[],
): Promise<Finding[]> {
  const { value = [], findings } = await attempt(area, work);
  return [...findings, ...value];
}
