/**
 * The list of the signers whose messages are accepted.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { isErrno, quoted, reason, SsmError } from "../errors.ts";
import { fileAgeMs } from "../file_state.ts";
import { type Clock, systemClock } from "../time/mod.ts";
import { NearDns } from "./near_dn.ts";

/** A line that is not a DN. */
export interface MalformedLine {
  /** Counted from 1. */
  readonly line: number;
  /** Octets that are not UTF-8 come out as `\xHH`. */
  readonly text: string;
  /** Whether the line is not even text in UTF-8. */
  readonly undecodable?: true;
}

/** What a list says. */
export interface ParsedDns {
  /** In the order of the file, as written. */
  readonly dns: readonly string[];
  readonly malformed: readonly MalformedLine[];
}

/**
 * Reads a list by the rules of the original: one DN per line, in the form
 * `/C=UK/CN=host.example`; blank lines and lines that begin with `#` are skipped;
 * there are no comments behind a DN.
 */
export function parseDns(content: Uint8Array): ParsedDns {
  const dns: string[] = [];
  const malformed: MalformedLine[] = [];
  // One octet a character, so that a line that is not UTF-8 spoils no other.
  const octets = Buffer.from(content).toString("latin1");
  const lines = octets.replace(/^\xef\xbb\xbf/, "").split(/\r\n|\r|\n/);
  lines.forEach((line, index) => {
    const text = decodeUtf8(line)?.trim();
    if (text === undefined) {
      if (line.trimStart().startsWith("#")) return;
      const shown = escapeOctets(line);
      malformed.push({ line: index + 1, text: shown, undecodable: true });
    } else if (text.startsWith("/")) dns.push(text);
    else if (text !== "" && !text.startsWith("#")) {
      malformed.push({ line: index + 1, text });
    }
  });
  return { dns, malformed };
}

/** `undefined` when the octets are not UTF-8. */
function decodeUtf8(octets: string): string | undefined {
  const bytes = Buffer.from(octets, "latin1");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function escapeOctets(octets: string): string {
  return octets.replace(
    /[^ -~]/g,
    (char) =>
      `\\x${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** Settings of a {@linkcode DnList}. */
export interface DnListOptions {
  /**
   * Tries to make a DN of a line that is not in slash form; gets to say so aloud.
   * @default no line is repaired
   */
  repair?: (line: MalformedLine) => string | undefined;
  /**
   * Whether upper and lower case are the same, as for SSM1. Of the letters A to Z
   * only: full case folding would make different letters equal.
   * @default false
   */
  ignoreCase?: boolean;
  /** A file that changed more recently than this may be half written, in ms. @default {1000} */
  quietMs?: number;
  /** @default the machine's clock */
  clock?: Clock;
}

/** What became of a look at the file. */
export type Refreshed =
  | { readonly status: "unchanged" }
  | {
    readonly status: "changed";
    readonly malformed: readonly MalformedLine[];
  }
  /** The file is missing, empty or unreadable: the last good list stays in force. */
  | { readonly status: "kept"; readonly problem: string };

/** A list in a file, which may change at any time. */
export class DnList {
  readonly #file: string;
  readonly #repair: (line: MalformedLine) => string | undefined;
  readonly #ignoreCase: boolean;
  readonly #quietMs: number;
  readonly #clock: Clock;
  #allowed: ReadonlySet<string> = new Set();
  #near: NearDns | undefined;
  #malformed: readonly MalformedLine[] = [];
  /** The content of the file that the list in force is from. */
  #seen: Buffer | undefined;

  private constructor(file: string, options: DnListOptions) {
    this.#file = file;
    this.#repair = options.repair ?? (() => undefined);
    this.#ignoreCase = options.ignoreCase ?? false;
    this.#quietMs = options.quietMs ?? 1000;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Reads the list for the first time.
   *
   * @throws {SsmError} `DN_LIST` when the file cannot be read or has no DN in it.
   */
  static async open(
    file: string,
    options: DnListOptions = {},
  ): Promise<DnList> {
    const list = new DnList(file, options);
    await list.#read(true);
    return list;
  }

  /** How many DNs are allowed. */
  get size(): number {
    return this.#allowed.size;
  }

  /** The lines of the list in force that are not DNs. */
  get malformed(): readonly MalformedLine[] {
    return this.#malformed;
  }

  /** Whether a signer is allowed; every character counts, case included unless it is ignored. */
  has(dn: string): boolean {
    return this.#allowed.has(this.#folded(dn));
  }

  /** What the list says in another spelling of this DN, if it does: `listed is X, which differs only in …`. */
  near(dn: string): string | undefined {
    this.#near ??= new NearDns(this.#allowed);
    return this.#near.explain(dn);
  }

  #folded(dn: string): string {
    return this.#ignoreCase
      ? dn.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
      : dn;
  }

  /**
   * Reads the file again, and takes the list if its text is another: time and size
   * do not tell of a file that is rewritten at once.
   *
   * The tool that writes these files rewrites them in place, so that for a moment
   * one may be empty or half written. When it is empty or missing, the last good
   * list is kept; when it changed a moment ago, it is left for the next refresh,
   * unless `complete` says that it is all there.
   */
  async refresh(options: { complete?: boolean } = {}): Promise<Refreshed> {
    try {
      const changed = await this.#read(options.complete ?? false);
      return changed
        ? { status: "changed", malformed: this.#malformed }
        : { status: "unchanged" };
    } catch (error) {
      return { status: "kept", problem: reason(error) };
    }
  }

  /** `false` when the file is as it was, or may be half written. */
  async #read(complete: boolean): Promise<boolean> {
    let content: Buffer;
    try {
      content = Buffer.from(await Deno.readFile(this.#file));
      if (this.#seen?.equals(content)) return false;
      // After the reading: what is written during it is young.
      const info = await Deno.stat(this.#file);
      const age = fileAgeMs(info, this.#clock.date());
      if (!complete && age < this.#quietMs) return false;
    } catch (error) {
      throw this.#error("read", error);
    }
    // Its lines, as malformed ones, would be a key in the log.
    if (/^-----BEGIN /m.test(content.toString("latin1"))) {
      throw this.#error("use", "it is a PEM file");
    }
    const { dns, malformed } = parseDns(content);
    const repaired = malformed.map((line) =>
      line.undecodable ? undefined : this.#repair(line)
    );
    const allowed = new Set(
      [...dns, ...repaired.filter((dn) => dn !== undefined)]
        .map((dn) => this.#folded(dn)),
    );
    if (allowed.size === 0) throw this.#error("use", noDn(malformed));
    this.#allowed = allowed;
    this.#near = undefined;
    this.#malformed = malformed.filter((_, index) =>
      repaired[index] === undefined
    );
    this.#seen = content;
    return true;
  }

  #error(action: string, cause: unknown): SsmError {
    const state = isErrno(cause, "ENOENT") ? "no such file" : reason(cause);
    return new SsmError(
      "DN_LIST",
      `Cannot ${action} the DN list ${quoted(this.#file)}: ${state}`,
      { cause },
    );
  }
}

/** Lines that are shown of a list in which no line is a DN. */
const SHOWN_LINES = 3;

function noDn(malformed: readonly MalformedLine[]): string {
  if (malformed.length === 0) return "there is no DN in it";
  const shown = malformed.slice(0, SHOWN_LINES)
    .map((line) => describeLine(line)).join("; ");
  const rest = malformed.length - SHOWN_LINES;
  const more = rest > 0 ? `; and ${rest} more` : "";
  return `no line of it is a DN in the form /C=UK/CN=host.example: ${shown}${more}`;
}

/** A malformed line for a person: its text, its number, what is wrong with its bytes. */
export function describeLine(
  { text, line, undecodable }: MalformedLine,
): string {
  const why = undecodable ? ", it is not UTF-8" : "";
  return `${text} (line ${line}${why})`;
}
