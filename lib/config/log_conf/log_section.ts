/**
 * One section of a file for Python's `logging.fileConfig`.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import { ConfigError, placeText } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import { keyPlace } from "../schema/keys.ts";
import { type Level, level } from "../schema/kinds.ts";

/** Everything is said. */
export const LOWEST: Level = "DEBUG";

/** Lowest first. */
export const LEVELS: readonly Level[] = [
  "DEBUG",
  "INFO",
  "WARNING",
  "ERROR",
  "CRITICAL",
];

/** Reads keys; what is wrong with them becomes a warning. */
export class LogSection {
  readonly #ini: Ini;
  readonly #name: string;
  readonly #warnings: string[];

  constructor(ini: Ini, name: string, warnings: string[]) {
    this.#ini = ini;
    this.#name = name;
    this.#warnings = warnings;
  }

  /** Whether the file has it. */
  get exists(): boolean {
    return this.#ini.has(this.#name);
  }

  /** Another section of the same file. */
  other(name: string): LogSection {
    return new LogSection(this.#ini, name, this.#warnings);
  }

  /** The value of a key; `undefined` when it is missing or cannot be read. */
  text(key: string): string | undefined {
    try {
      return this.#ini.get(this.#name, key);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#warnings.push(reason(error));
      return undefined;
    }
  }

  /** The value of a key as it is written, `%(name)s` and all. */
  raw(key: string): string | undefined {
    return this.#ini.find(this.#name, key)?.raw;
  }

  /** The words between the commas of a value. */
  list(key: string): string[] {
    return (this.text(key) ?? "").split(",")
      .map((word) => word.trim())
      .filter((word) => word !== "");
  }

  /** The level; `undefined` where there is none, `notSet` where it is `NOTSET`. */
  level(notSet: Level | undefined): Level | undefined {
    const word = this.text("level");
    if (word === undefined) return undefined;
    if (word === "NOTSET") return notSet;
    const found = word === word.toUpperCase() ? level.parse(word) : undefined;
    if (found === undefined) this.warn("level", `"${word}" is no level`);
    return found;
  }

  /** Says what is odd about a key. */
  warn(key: string, state: string): void {
    const names = { name: key, aliases: [] };
    const place = placeText(keyPlace(this.#ini, this.#name, names));
    this.#warnings.push(`Cannot follow ${place}: ${state}`);
  }
}
