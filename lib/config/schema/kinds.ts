/**
 * What the value of a key may be, and how it is read.
 *
 * @module
 */
/** A kind of value. */
export interface Kind<Value> {
  /** Completes "must be …". */
  readonly allowed: string;
  /** What stands for it where an option is shown, such as `N`. @default "VALUE" */
  readonly placeholder?: string;
  /** Whether a value is shown to nobody, not even in an error. @default false */
  readonly isSecret?: boolean;
  /** `undefined` when the text is not of this kind. */
  parse(text: string): Value | undefined;
  /** What it is in a text that is not of this kind, where that is hard to see. */
  fault?(text: string): string | undefined;
  /** What a text of this kind may be a mistake for; it may be shown to anybody. */
  remark?(text: string): string | undefined;
}

/** Any text but none. */
export const text: Kind<string> = {
  allowed: "some text",
  parse: (value) => value === "" ? undefined : value,
};

/** Any text, also none. */
export const anyText: Kind<string> = {
  allowed: "text",
  parse: (value) => value,
};

/** What a header of a request can carry as it is; also none. */
export const word: Kind<string> = {
  allowed: "one word of printable ASCII",
  parse: (value) => /^[\x21-\x7e]{0,4096}$/.test(value) ? value : undefined,
};

/** The same kind, for values that are shown to nobody. */
export function secret<Value>(kind: Kind<Value>): Kind<Value> {
  return { ...kind, isSecret: true };
}

/** The path of a file or directory, as it is given to the system. */
export const path: Kind<string> = {
  allowed: "a path",
  placeholder: "PATH",
  parse: (value) => value === "" || value.includes("\0") ? undefined : value,
};

/** As `ConfigParser.getboolean` reads it. */
export const boolean: Kind<boolean> = {
  allowed: "true, yes, on or 1, or false, no, off or 0",
  placeholder: "true|false",
  parse(value) {
    const word = value.toLowerCase();
    if (["1", "yes", "true", "on"].includes(word)) return true;
    if (["0", "no", "false", "off"].includes(word)) return false;
    return undefined;
  },
};

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): Kind<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    placeholder: "N",
    parse: (value) => whole(value, min, max),
  };
}

/** A number of seconds, read as milliseconds. */
export function seconds(min: number, max: number): Kind<number> {
  return duration("seconds", 1000, { min, max });
}

/** A number of minutes, read as milliseconds. */
export function minutes(min: number, max: number): Kind<number> {
  return duration("minutes", 60_000, { min, max });
}

/** A number of days, read as milliseconds. */
export function days(min: number, max: number): Kind<number> {
  return duration("days", 86_400_000, { min, max });
}

function duration(
  unit: string,
  unitMs: number,
  { min, max }: { min: number; max: number },
): Kind<number> {
  return {
    allowed: `a number of ${unit} from ${min} to ${max}`,
    parse(value) {
      if (!/^\d{1,9}(\.\d{1,3})?$/.test(value)) return undefined;
      const number = Number(value);
      if (number < min || number > max) return undefined;
      return Math.round(number * unitMs);
    },
  };
}

/** A number of bytes; K, M and G multiply by 1024, its square and its cube. */
export function size(min: number, max: number): Kind<number> {
  return {
    allowed: "a number of bytes, or of K, M or G, such as 512K or 100M",
    placeholder: "SIZE",
    parse(value) {
      const bytes = bytesOf(value);
      if (bytes === undefined) return undefined;
      return bytes >= min && bytes <= max ? bytes : undefined;
    },
    fault: (value) =>
      bytesOf(value) === undefined
        ? undefined
        : `the range is from ${min} to ${max} bytes`,
  };
}

function bytesOf(value: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,15}) ?([kmg]?)b?$/i.exec(value) ?? [];
  if (number === undefined) return undefined;
  const power = ["", "k", "m", "g"].indexOf(unit.toLowerCase());
  return Number(number) * 1024 ** power;
}

/** Permission bits that are taken away, in octal. */
export const umask: Kind<number> = {
  allowed: "three octal digits such as 027, which leave the owner's rights",
  parse: (value) =>
    /^0?0[0-7]{2}$/.test(value) ? parseInt(value, 8) : undefined,
};

/** One of a few words, exactly as written. */
export function oneOf<const Word extends string>(...words: Word[]): Kind<Word> {
  return {
    allowed: `one of ${words.join(", ")}`,
    parse: (value) => words.find((word) => word === value),
  };
}

/** The lowest severity to log. */
export type Level = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";

/** The words of the original, which calls a warning `WARN`, and those of Python beside them. */
const LEVELS: Readonly<Record<string, Level>> = {
  DEBUG: "DEBUG",
  INFO: "INFO",
  WARN: "WARNING",
  WARNING: "WARNING",
  ERROR: "ERROR",
  CRITICAL: "CRITICAL",
  FATAL: "CRITICAL",
};

const LEVEL_WORDS = ["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"];

/** A level; the original takes the words it names itself, in capitals. */
export const level: Kind<Level> = {
  allowed: `one of ${LEVEL_WORDS.join(", ")}`,
  placeholder: LEVEL_WORDS.join("|"),
  parse: (value) => LEVELS[value.toUpperCase()],
  remark(value) {
    if (LEVEL_WORDS.includes(value)) return undefined;
    const meant = LEVEL_WORDS.find((word) =>
      LEVELS[word] === LEVELS[value.toUpperCase()]
    );
    return meant && `"${value}" is taken for ${meant}`;
  },
};

/** A host, with a port of its own where it has one. */
export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** Hosts in the order they are tried, between commas or white space. */
export const hosts: Kind<readonly HostPort[]> = {
  allowed:
    "host names or addresses between commas, each with or without :port; an IPv6 address with a port is written [address]:port",
  parse(value) {
    const parts = value.split(/[\s,]+/).filter((part) => part !== "");
    const parsed = parts.map(hostPort);
    if (parsed.length === 0) return undefined;
    const good = parsed.filter((host) => host !== undefined);
    return good.length === parsed.length ? good : undefined;
  },
};

/** One host, with or without a port. */
export const oneHost: Kind<HostPort> = {
  allowed:
    "one host name or address, with or without :port; an IPv6 address with a port is written [address]:port",
  parse(value) {
    const [host, ...others] = hosts.parse(value) ?? [];
    return others.length === 0 ? host : undefined;
  },
  fault: (value) =>
    value.includes("://")
      ? "a host is written without a scheme"
      : hosts.parse(value) === undefined
      ? undefined
      : "these are several hosts",
};

function hostPort(value: string): HostPort | undefined {
  const colons = value.split(":").length - 1;
  const pattern = value.startsWith("[")
    ? /^\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\](?::(\d{1,5}))?$/
    : colons > 1
    ? /^([0-9a-fA-F:.]+(?:%[\w.-]+)?)$/
    : /^([A-Za-z0-9_](?:[A-Za-z0-9_.-]*))(?::(\d{1,5}))?$/;
  const [, host, digits] = pattern.exec(value) ?? [];
  if (host === undefined) return undefined;
  if (digits === undefined) return { host, port: undefined };
  const port = whole(digits, 1, 65535);
  return port === undefined ? undefined : { host, port };
}

function whole(value: string, min: number, max: number): number | undefined {
  if (!/^\d{1,15}$/.test(value)) return undefined;
  const number = Number(value);
  return number >= min && number <= max ? number : undefined;
}
