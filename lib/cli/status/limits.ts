/**
 * From where on a monitor warns: `age=12h,count=1000,rejects=0,days=14`.
 *
 * @module
 */
import type { Kind } from "../../config/mod.ts";
import { ageKind } from "../command/option_values.ts";

/** Limits; what is left out has none. */
export interface Limits {
  /** Of the oldest file or message, in seconds. */
  readonly age?: number;
  /** Of files to send, of messages in incoming, and in queues. */
  readonly count?: number;
  /** Of messages in reject. */
  readonly rejects?: number;
  /** Until a certificate ends. */
  readonly days?: number;
}

/** Where nothing else is said. */
export const DEFAULT_WARN: Limits = { age: 86_400, rejects: 0, days: 14 };
export const DEFAULT_CRIT: Limits = { age: 3 * 86_400, days: 3 };

/** How limits are written. */
export const limitsKind: Kind<Limits> = {
  allowed: "such as age=12h,count=1000,rejects=0,days=14, all or some of them",
  parse(text) {
    const limits: Partial<Record<keyof Limits, number>> = {};
    for (const part of text.split(",")) {
      const [, name, value = ""] = /^(age|count|rejects|days)=(\w+)$/
        .exec(part.trim()) ?? [];
      if (name === undefined) return undefined;
      const bound = name === "age" ? seconds(value) : number(value);
      if (bound === undefined) return undefined;
      limits[name as keyof Limits] = bound;
    }
    return limits;
  },
};

function seconds(text: string): number | undefined {
  const ms = ageKind.parse(text);
  return ms === undefined ? undefined : ms / 1000;
}

function number(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
