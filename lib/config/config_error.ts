/**
 * A configuration file, or a value in it, that cannot be used.
 *
 * @module
 */
import { SsmError, type SsmErrorOptions } from "../errors.ts";

/** Where in a configuration file. */
export interface ConfigPlace {
  readonly file: string;
  /** Counted from 1; absent when the trouble is what is not there. */
  readonly line?: number | undefined;
  readonly section?: string | undefined;
  readonly key?: string | undefined;
}

/** What a {@linkcode ConfigError} may carry besides. */
export interface ConfigErrorOptions extends SsmErrorOptions {
  /** What else in the same file cannot be used. @default nothing */
  readonly others?: readonly ConfigError[] | undefined;
  /** What is odd about the file: a mistyped key may be why another is missing. @default nothing */
  readonly warnings?: readonly string[] | undefined;
}

/** Code `CONFIG`, with the place. The message names file, line and key. */
export class ConfigError extends SsmError {
  override readonly name = "ConfigError";
  readonly file: string;
  readonly line: number | undefined;
  readonly section: string | undefined;
  readonly key: string | undefined;
  /** What else in the same file cannot be used, in its order. */
  readonly others: readonly ConfigError[];
  /** What is odd about the file. */
  readonly warnings: readonly string[];
  readonly #state: string;

  /** `state` says what is wrong, without a capital or a period. */
  constructor(
    place: ConfigPlace,
    state: string,
    { others = [], warnings = [], ...options }: ConfigErrorOptions = {},
  ) {
    super("CONFIG", `Cannot use ${placeText(place)}: ${state}`, options);
    this.file = place.file;
    this.line = place.line;
    this.section = place.section;
    this.key = place.key;
    this.others = others;
    this.warnings = warnings;
    this.#state = state;
  }

  /** The same error, with what else is known of the file. */
  with(more: Pick<ConfigErrorOptions, "others" | "warnings">): ConfigError {
    const { hint, cause, others, warnings } = this;
    return new ConfigError(this, this.#state, {
      ...(hint !== undefined && { hint }),
      ...{ cause, others, warnings, ...more },
    });
  }
}

/** What reads the parts of a file, by the name of each. */
type Parts = Readonly<Record<string, () => unknown>>;

/**
 * Reads each part, also when another cannot be used.
 *
 * @throws {ConfigError} with all that cannot be used.
 */
export function readParts<T extends Parts>(
  parts: T,
): { readonly [Name in keyof T]: ReturnType<T[Name]> } {
  const values: [string, unknown][] = [];
  const errors: ConfigError[] = [];
  for (const [name, read] of Object.entries(parts)) {
    try {
      values.push([name, read()]);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      errors.push(error, ...error.others);
    }
  }
  const [first, ...others] = errors;
  if (first !== undefined) throw first.with({ others });
  return Object.fromEntries(values) as ReturnType<typeof readParts<T>>;
}

/** Reads a file; one that cannot be used is refused together with what is odd about it. */
export function warningOf<T>(warnings: readonly string[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ConfigError ? error.with({ warnings }) : error;
  }
}

/** `"port" in section [broker] of /etc/apel/sender.cfg, line 7`, as far as known. */
export function placeText({ file, line, section, key }: ConfigPlace): string {
  const keyText = key === undefined ? "" : `"${key}" in `;
  const sectionText = section === undefined ? "" : `section [${section}] of `;
  const lineText = line === undefined ? "" : `, line ${line}`;
  return `${keyText}${sectionText}${file}${lineText}`;
}
