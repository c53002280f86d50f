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

/** Code `CONFIG`, with the place. The message names file, line and key. */
export class ConfigError extends SsmError {
  override readonly name = "ConfigError";
  readonly file: string;
  readonly line: number | undefined;
  readonly section: string | undefined;
  readonly key: string | undefined;

  /** `state` says what is wrong, without a capital or a period. */
  constructor(
    place: ConfigPlace,
    state: string,
    options: SsmErrorOptions = {},
  ) {
    super("CONFIG", `Cannot use ${placeText(place)}: ${state}`, options);
    this.file = place.file;
    this.line = place.line;
    this.section = place.section;
    this.key = place.key;
  }
}

/** `"port" in section [broker] of /etc/apel/sender.cfg, line 7`, as far as known. */
export function placeText({ file, line, section, key }: ConfigPlace): string {
  const keyText = key === undefined ? "" : `"${key}" in `;
  const sectionText = section === undefined ? "" : `section [${section}] of `;
  const lineText = line === undefined ? "" : `, line ${line}`;
  return `${keyText}${sectionText}${file}${lineText}`;
}
