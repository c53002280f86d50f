/**
 * The list of the signers whose messages are accepted.
 *
 * @module
 */
import { reason, SsmError } from "../errors.ts";

/** A line that is not a DN. */
export interface MalformedLine {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
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
export function parseDns(text: string): ParsedDns {
  const dns: string[] = [];
  const malformed: MalformedLine[] = [];
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  lines.forEach((untrimmed, index) => {
    const line = untrimmed.trim();
    if (line === "" || line.startsWith("#")) return;
    if (line.startsWith("/")) dns.push(line);
    else malformed.push({ line: index + 1, text: line });
  });
  return { dns, malformed };
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
  #allowed: ReadonlySet<string> = new Set();
  #malformed: readonly MalformedLine[] = [];
  #seen = "";

  private constructor(file: string, options: DnListOptions) {
    this.#file = file;
    this.#repair = options.repair ?? (() => undefined);
    this.#ignoreCase = options.ignoreCase ?? false;
    this.#quietMs = options.quietMs ?? 1000;
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

  #folded(dn: string): string {
    return this.#ignoreCase
      ? dn.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
      : dn;
  }

  /**
   * Reads the file again if it looks different (time, size or identity).
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
    let text: string;
    let look: string;
    try {
      using file = await Deno.open(this.#file);
      const { dev, ino, size, mtime } = await file.stat();
      look = [dev, ino, size, mtime?.getTime()].join(" ");
      if (look === this.#seen) return false;
      const age = Math.abs(Date.now() - (mtime?.getTime() ?? 0));
      if (!complete && age < this.#quietMs) return false;
      text = await new Response(file.readable).text();
    } catch (error) {
      throw this.#error("read", error);
    }
    const { dns, malformed } = parseDns(text);
    const repaired = malformed.map((line) => this.#repair(line));
    const allowed = new Set(
      [...dns, ...repaired.filter((dn) => dn !== undefined)]
        .map((dn) => this.#folded(dn)),
    );
    if (allowed.size === 0) throw this.#error("use", "there is no DN in it");
    this.#allowed = allowed;
    this.#malformed = malformed.filter((_, index) =>
      repaired[index] === undefined
    );
    this.#seen = look;
    return true;
  }

  #error(action: string, cause: unknown): SsmError {
    const state = cause instanceof Deno.errors.NotFound
      ? "no such file"
      : reason(cause);
    return new SsmError(
      "DN_LIST",
      `Cannot ${action} the DN list "${this.#file}": ${state}`,
      { cause },
    );
  }
}
