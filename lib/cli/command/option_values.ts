/**
 * Values of options that must be of some kind.
 *
 * @module
 */
import type { Kind } from "../../config/mod.ts";
import { SsmError } from "../../errors.ts";
import { type OptionValues, textOption } from "./command.ts";

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** A span of time, in ms. */
export const ageKind: Kind<number> = {
  allowed: "a number and a unit, as 90s, 30m, 12h, 2d or 1w",
  parse: (text) => {
    const [, number, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
    return unit === undefined ? undefined : Number(number) * UNITS[unit]!;
  },
};

/** The value of an option. @throws {SsmError} `USAGE` when it is not allowed */
export function given<T>(
  values: OptionValues,
  name: string,
  kind: Kind<T>,
): T | undefined {
  const word = textOption(values, name);
  if (word === undefined) return undefined;
  const value = kind.parse(word);
  if (value !== undefined) return value;
  throw new SsmError(
    "USAGE",
    `Cannot use --${name} "${word}": it must be ${kind.allowed}`,
  );
}

/** An error of the command line. */
export function usage(command: string, message: string): SsmError {
  return new SsmError("USAGE", message, { hint: `see: ssm ${command} --help` });
}
