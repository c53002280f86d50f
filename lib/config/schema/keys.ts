/**
 * Sections as tables of keys: one table reads a section and documents it.
 *
 * @module
 */
import { ConfigError, type ConfigPlace } from "../config_error.ts";
import type { Ini, IniOption } from "../ini/parse.ts";
import type { Kind } from "./kinds.ts";

/** One key of a section. */
export interface Key<Value> {
  readonly name: string;
  /** Other names under which it is understood. */
  readonly aliases: readonly string[];
  readonly doc: string;
  /** Completes "must be …". */
  readonly allowed: string;
  /** See {@linkcode Kind.placeholder}. */
  readonly placeholder: string;
  /** See {@linkcode Kind.isSecret}. */
  readonly isSecret: boolean;
  /** What an absent key means, as it would be written; `undefined` when nothing says the same. */
  readonly defaultText: string | undefined;
  readonly required: boolean;
  /** `undefined` when the text cannot be the value of this key. */
  parse(text: string): { readonly value: Value } | undefined;
  /** See {@linkcode Kind.fault}. */
  fault(text: string): string | undefined;
  /** See {@linkcode Kind.remark}. */
  remark(text: string): string | undefined;
  /** The value of an absent key that is not required. */
  absent(): Value;
}

/** How a key may be called. */
export type KeyNames = Pick<Key<unknown>, "name" | "aliases">;

/** The keys of a section, by the property that carries each value. */
export type Table = Readonly<Record<string, Key<unknown>>>;

/** The values of a section. */
export type Values<T extends Table> = {
  readonly [Name in keyof T]: T[Name] extends Key<infer Value> ? Value : never;
};

/** A key of which nobody has said yet what it means. */
export interface UnexplainedKey<Value> {
  /** The key with its meaning, in sentences for users. */
  means(doc: string): Key<Value>;
}

/** A key that must be there. */
export function required<Value>(
  name: string,
  kind: Kind<Value>,
): UnexplainedKey<Value> {
  return explained(name, kind, {
    required: true,
    absent() {
      throw new TypeError(`The key "${name}" has no default`);
    },
  });
}

/** A key that may be absent, which means `undefined`. */
export function optional<Value>(
  name: string,
  kind: Kind<Value>,
): UnexplainedKey<Value | undefined> {
  return explained<Value | undefined>(name, kind, { absent: () => undefined });
}

/** A key that may be absent, which means the same as `defaultText`. */
export function withDefault<Value>(
  name: string,
  kind: Kind<Value>,
  defaultText: string,
): UnexplainedKey<Value> {
  const value = kind.parse(defaultText);
  if (value === undefined) {
    throw new TypeError(`"${defaultText}" is no default for "${name}"`);
  }
  return explained(name, kind, { defaultText, absent: () => value });
}

function explained<Value>(
  name: string,
  kind: Kind<Value>,
  absence: Pick<Key<Value>, "absent"> & Partial<Key<Value>>,
): UnexplainedKey<Value> {
  return {
    means: (doc) => ({
      name,
      aliases: [],
      doc,
      defaultText: undefined,
      required: false,
      ...absence,
      ...describeValues(kind),
    }),
  };
}

/** The same key, but for its values: those are of another kind. */
export function ofKind<Value>(
  key: Key<Value>,
  kind: Kind<NonNullable<Value>>,
): Key<Value> {
  return { ...key, ...describeValues(kind) };
}

function describeValues<Value>(kind: Kind<Value>) {
  return {
    allowed: kind.allowed,
    placeholder: kind.placeholder ?? "VALUE",
    isSecret: kind.isSecret ?? false,
    parse(text: string) {
      const value = kind.parse(text);
      return value === undefined ? undefined : { value };
    },
    fault: (text: string) => kind.fault?.(text),
    remark: (text: string) => kind.remark?.(text),
  };
}

/** The same key, understood under other names too. */
export function alsoCalled<Value>(
  key: Key<Value>,
  ...aliases: string[]
): Key<Value> {
  return { ...key, aliases: [...key.aliases, ...aliases] };
}

/** The option that a key is written as, under any of its names. */
export function findKey(
  ini: Ini,
  section: string,
  { name, aliases }: KeyNames,
): IniOption | undefined {
  return [name, ...aliases]
    .map((name) => ini.find(section, name))
    .find((option) => option !== undefined);
}

/** Where a key is written; without a line where it is not. */
export function keyPlace(
  ini: Ini,
  section: string,
  key: KeyNames,
): ConfigPlace {
  const { name, line } = findKey(ini, section, key) ??
    { name: key.name, line: undefined };
  return { file: ini.file, line, section, key: name };
}

/** Settings of {@linkcode readSection}. */
export interface ReadSectionOptions {
  /** Changes the text of a value before it is parsed. @default nothing is changed */
  readonly rewrite?: (text: string, place: ConfigPlace) => string;
}

/**
 * The values of a section.
 *
 * @throws {ConfigError} when a required key is missing or a value is not allowed.
 */
export function readSection<T extends Table>(
  ini: Ini,
  section: string,
  table: T,
  options: ReadSectionOptions = {},
): Values<T> {
  if (
    !ini.has(section) && Object.values(table).some(({ required }) => required)
  ) {
    throw new ConfigError(
      { file: ini.file },
      `section [${section}] is missing`,
    );
  }
  const values = Object.entries(table).map(([property, key]) => [
    property,
    readKey(ini, section, key, options),
  ]);
  return Object.freeze(Object.fromEntries(values));
}

/**
 * The values of each section of a file.
 *
 * @throws {ConfigError} as {@linkcode readSection} does
 */
export function readSections<T extends Readonly<Record<string, Table>>>(
  ini: Ini,
  tables: T,
): { readonly [Section in keyof T]: Values<T[Section]> } {
  const sections = Object.entries(tables)
    .map(([section, table]) => [section, readSection(ini, section, table)]);
  return Object.fromEntries(sections);
}

function readKey(
  ini: Ini,
  section: string,
  key: Key<unknown>,
  { rewrite = (text) => text }: ReadSectionOptions,
): unknown {
  const option = findKey(ini, section, key);
  if (option === undefined) {
    if (!key.required) return key.absent();
    throw new ConfigError(
      keyPlace(ini, section, key),
      `it is missing; it must be ${key.allowed}`,
    );
  }
  const { name } = option;
  for (const alias of key.aliases) {
    if (alias === name || !ini.find(section, alias)) continue;
    throw new ConfigError(
      keyPlace(ini, section, { name: alias, aliases: [] }),
      `there is a "${name}" already; only one of them may be there`,
    );
  }
  const place = keyPlace(ini, section, key);
  const text = rewrite(ini.get(section, name) ?? "", place);
  const parsed = key.parse(text);
  if (parsed !== undefined) return parsed.value;
  const fault = key.fault(text);
  const state = text === ""
    ? `it is empty; it must be ${key.allowed}`
    : `${key.isSecret ? "its value" : `"${text}"`} is not allowed${
      fault === undefined ? "" : `, ${fault}`
    }; it must be ${key.allowed}`;
  throw new ConfigError(place, state);
}
