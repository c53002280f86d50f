/**
 * Values of options that must be of some kind.
 *
 * @module
 */
import type { Kind } from "../../config/mod.ts";
import { SsmError } from "../../errors.ts";
import { type OptionValues, textOption } from "./command.ts";

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
