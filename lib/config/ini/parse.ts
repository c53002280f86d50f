/**
 * The dialect of Python's `configparser.ConfigParser`, in which the original's
 * files are written.
 *
 * The same files are read and the same ones refused, with two kindnesses: a byte
 * order mark at the start is ignored, and errors name line and key.
 *
 * @module
 */
import { isErrno, reason } from "../../errors.ts";
import { ConfigError } from "../config_error.ts";
import { interpolate } from "./interpolation.ts";

/** Its options appear in every section. */
const DEFAULT_SECTION = "DEFAULT";

/** What Python's `str.strip` strips. */
const SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ONE_SPACE = new RegExp(`^[${SPACE}]$`);
const NOT_SPACE = new RegExp(`[^${SPACE}]`);
const SECTION = /^\[(.+)\]/s;
const OPTION = /^(.*?)[=:](.*)$/s;

/** One option as written. */
export interface IniOption {
  /** Lower case, as all comparisons are. */
  readonly name: string;
  /** Before interpolation; continuation lines joined by `\n`. */
  readonly raw: string;
  /** Counted from 1. */
  readonly line: number;
}

type Options = Map<string, IniOption>;

/** A parsed file. */
export class Ini {
  /** The name to be shown in errors. */
  readonly file: string;
  readonly #sections: ReadonlyMap<string, Options>;
  readonly #defaults: Options;

  /** Made by {@linkcode parseIni}. */
  constructor(
    file: string,
    sections: ReadonlyMap<string, Options>,
    defaults: Options,
  ) {
    this.file = file;
    this.#sections = sections;
    this.#defaults = defaults;
  }

  /** Names of the sections, as written; without `DEFAULT`. */
  sections(): string[] {
    return [...this.#sections.keys()];
  }

  /** Whether there is such a section; the case matters. */
  has(section: string): boolean {
    return this.#sections.has(section);
  }

  /** The options written in a section itself. */
  options(section: string): IniOption[] {
    return [...this.#sections.get(section)?.values() ?? []];
  }

  /** An option of a section or of `DEFAULT`, as written. */
  find(section: string, name: string): IniOption | undefined {
    const options = this.#sections.get(section);
    if (options === undefined) return undefined;
    return options.get(name) ?? this.#defaults.get(name);
  }

  /** A copy in which these options have these values, whatever the file says. */
  with(
    section: string,
    values: Iterable<readonly [name: string, value: string]>,
  ): Ini {
    const options = new Map(this.#sections.get(section));
    for (const [name, value] of values) {
      const raw = value.replaceAll("%", "%%");
      options.set(name, { name, raw, line: options.get(name)?.line ?? 0 });
    }
    const sections = new Map(this.#sections).set(section, options);
    return new Ini(this.file, sections, this.#defaults);
  }

  /** A copy in which every option, those of `DEFAULT` too, has the value that `change` gives it. */
  map(change: (option: IniOption, section: string) => string): Ini {
    const changed = (options: Options, section: string): Options => {
      const pairs = [...options].map(([name, option]) =>
        [name, { ...option, raw: change(option, section) }] as const
      );
      return new Map(pairs);
    };
    const sections = [...this.#sections].map(([name, options]) =>
      [name, changed(options, name)] as const
    );
    const defaults = changed(this.#defaults, DEFAULT_SECTION);
    return new Ini(this.file, new Map(sections), defaults);
  }

  /**
   * The value of an option, `%(name)s` and `%%` replaced.
   *
   * @throws {ConfigError} when that cannot be done.
   */
  get(section: string, name: string): string | undefined {
    const option = this.find(section, name);
    if (option === undefined) return undefined;
    const outcome = interpolate(
      option.raw,
      (other) => this.find(section, other.toLowerCase())?.raw,
    );
    if (outcome.ok) return outcome.value;
    const { line } = option;
    throw new ConfigError(
      { file: this.file, line, section, key: name },
      outcome.problem,
      { hint: "A percent sign in a value is written %%" },
    );
  }
}

/** Reads the text of a file; `file` is its name for errors. @throws {ConfigError} */
export function parseIni(text: string, file: string): Ini {
  const parser = new Parser(file);
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  lines.forEach((line, index) => parser.line(line, index + 1));
  return parser.end();
}

/** Reads a file. @throws {ConfigError} when it cannot be read or parsed. */
export async function readIni(file: string): Promise<Ini> {
  return parseIni(await readText(file), file);
}

/** The text of a file. @throws {ConfigError} when it cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(
      await Deno.readFile(file),
    );
  } catch (error) {
    const state = error instanceof TypeError
      ? "not UTF-8 text"
      : isErrno(error, "ENOENT")
      ? "no such file"
      : reason(error);
    throw new ConfigError({ file }, state, { cause: error });
  }
}

interface Draft {
  readonly name: string;
  readonly line: number;
  readonly parts: string[];
}

class Parser {
  readonly #file: string;
  readonly #sections = new Map<string, Map<string, Draft>>();
  readonly #defaults = new Map<string, Draft>();
  #section: { name: string; drafts: Map<string, Draft> } | undefined;
  #option: Draft | undefined;
  #indent = 0;
  #garbage: { text: string; line: number } | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  line(line: string, number: number): void {
    const text = strip(line);
    if (text.startsWith("#") || text.startsWith(";")) return;
    if (text === "") {
      // Part of a value, unless nothing follows.
      this.#option?.parts.push("");
      return;
    }
    const indent = line.search(NOT_SPACE);
    if (this.#option !== undefined && indent > this.#indent) {
      this.#option.parts.push(text);
      return;
    }
    this.#indent = indent;
    const header = SECTION.exec(text)?.[1];
    if (header !== undefined) this.#startSection(header, number);
    else this.#startOption(text, number);
  }

  end(): Ini {
    if (this.#garbage !== undefined) {
      throw this.#error(
        this.#garbage.line,
        `"${
          beginning(this.#garbage.text)
        }" is neither "key = value", nor "[section]", nor a comment`,
      );
    }
    const sections = new Map<string, Options>();
    for (const [name, drafts] of this.#sections) {
      sections.set(name, finish(drafts));
    }
    return new Ini(this.#file, sections, finish(this.#defaults));
  }

  #startSection(name: string, line: number): void {
    if (this.#sections.has(name)) {
      throw this.#error(line, `section [${name}] appears a second time`);
    }
    let drafts = this.#defaults;
    if (name !== DEFAULT_SECTION) {
      drafts = new Map();
      this.#sections.set(name, drafts);
    }
    this.#section = { name, drafts };
    this.#option = undefined;
  }

  #startOption(text: string, line: number): void {
    if (this.#section === undefined) {
      throw this.#error(
        line,
        `"${beginning(text)}" comes before the first [section]`,
      );
    }
    const [, left, value = ""] = OPTION.exec(text) ?? [];
    const name = left === undefined ? undefined : stripEnd(left).toLowerCase();
    if (name === undefined || name === "") {
      // Python reads on, and gives precedence to the errors it meets later.
      this.#garbage ??= { text, line };
      return;
    }
    const { drafts, name: section } = this.#section;
    if (drafts.has(name)) {
      throw this.#error(line, "appears a second time", { section, key: name });
    }
    this.#option = { name, line, parts: [strip(value)] };
    drafts.set(name, this.#option);
  }

  #error(
    line: number,
    state: string,
    place: { section?: string; key?: string } = {},
  ): ConfigError {
    return new ConfigError({ file: this.#file, line, ...place }, state);
  }
}

function finish(drafts: Map<string, Draft>): Options {
  const options: Options = new Map();
  for (const [key, { name, line, parts }] of drafts) {
    const raw = stripEnd(parts.join("\n"));
    options.set(key, { name, line, raw });
  }
  return options;
}

/** Of a line that is not understood only the first word: what follows may be a password. */
function beginning(text: string): string {
  const [word = ""] = text.split(/[\s=:]/, 1);
  return word === text ? text : `${word}…`;
}

function strip(text: string): string {
  const start = text.search(NOT_SPACE);
  return start < 0 ? "" : stripEnd(text.slice(start));
}

/** Not by a pattern, which would try a long run of blanks from each of them. */
function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ONE_SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}
