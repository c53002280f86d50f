/**
 * The JSON format of accounting messages: an object with `Type`, `Version` and a
 * list `UsageRecords`.
 *
 * The text is cut, never parsed and written again, so that numbers stay as they are
 * written. What is inside a record is not judged, beyond that its brackets match.
 *
 * @module
 */
import { isUtf8 } from "node:buffer";
import {
  NotUnderstood,
  type Outline,
  outlineOf,
  shown,
  skipSpace,
  type Unsplittable,
} from "./outline.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LIST = "UsageRecords";
/** These say what the records are, and hold for each part as for the whole. */
const REPEATED = ["Type", "Version"];
const MAX_DEPTH = 1000;

/** The records of a text that begins with `{`. */
export function outlineJson(bytes: Uint8Array): Outline | Unsplittable {
  return outlineOf(() => {
    if (!isUtf8(bytes)) throw new NotUnderstood("its JSON is not UTF-8");
    return new JsonScanner(bytes).outline();
  });
}

class JsonScanner {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  outline(): Outline {
    const seen = new Set<string>();
    let records: Outline | undefined;
    this.#expect(OPEN_OBJECT);
    do {
      const name = this.#name();
      if (seen.has(name)) throw malformed();
      seen.add(name);
      this.#expect(COLON);
      if (name === LIST) records = this.#records();
      else if (REPEATED.includes(name)) this.#scalar();
      else {
        throw new NotUnderstood(
          `it has "${shown(name)}", which may be about all records`,
        );
      }
    } while (this.#takes(COMMA));
    this.#expect(CLOSE_OBJECT);
    if (skipSpace(this.#bytes, this.#at) < this.#bytes.length) {
      throw malformed();
    }
    if (!records) throw new NotUnderstood(`its JSON has no list "${LIST}"`);
    return records;
  }

  #records(): Outline {
    this.#expect(OPEN_LIST);
    const headEnd = this.#at;
    const ends: number[] = [];
    if (this.#next() === CLOSE_LIST) {
      throw new NotUnderstood("it has no records");
    }
    do {
      if (this.#next() !== OPEN_OBJECT) throw malformed();
      this.#skipValue();
      this.#at = skipSpace(this.#bytes, this.#at);
      ends.push(this.#at);
    } while (this.#takes(COMMA));
    this.#expect(CLOSE_LIST);
    return { headEnd, ends, separatorBytes: 1 };
  }

  #name(): string {
    if (this.#next() !== QUOTE) throw malformed();
    const start = this.#at;
    this.#skipString();
    const text = this.#bytes.subarray(start, this.#at);
    try {
      return JSON.parse(new TextDecoder().decode(text));
    } catch {
      throw malformed();
    }
  }

  #scalar(): void {
    const first = this.#next();
    if (first === OPEN_OBJECT || first === OPEN_LIST) {
      throw new NotUnderstood(`${REPEATED.join(" or ")} is no plain value`);
    }
    if (first === QUOTE) return this.#skipString();
    const start = this.#at;
    while (/[-+.\w]/.test(String.fromCharCode(this.#bytes[this.#at] ?? 0))) {
      this.#at++;
    }
    if (this.#at === start) throw malformed();
  }

  /** Goes past an object with everything in it. */
  #skipValue(): void {
    const closing: number[] = [];
    do {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw malformed();
      if (byte === QUOTE) {
        this.#skipString();
        continue;
      }
      this.#at++;
      if (byte === OPEN_OBJECT) closing.push(CLOSE_OBJECT);
      else if (byte === OPEN_LIST) closing.push(CLOSE_LIST);
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        if (closing.pop() !== byte) throw malformed();
      }
      if (closing.length > MAX_DEPTH) {
        throw new NotUnderstood("its records are nested too deeply");
      }
    } while (closing.length > 0);
  }

  /** Goes past a string, from its first quote on. */
  #skipString(): void {
    for (let at = this.#at + 1;; at++) {
      at = this.#bytes.indexOf(QUOTE, at);
      if (at < 0) throw malformed();
      let first = at;
      while (this.#bytes[first - 1] === BACKSLASH) first--;
      const isEscaped = (at - first) % 2 === 1;
      if (isEscaped) continue;
      this.#at = at + 1;
      return;
    }
  }

  #next(): number | undefined {
    this.#at = skipSpace(this.#bytes, this.#at);
    return this.#bytes[this.#at];
  }

  #takes(byte: number): boolean {
    if (this.#next() !== byte) return false;
    this.#at++;
    return true;
  }

  #expect(byte: number): void {
    if (!this.#takes(byte)) throw malformed();
  }
}

function malformed(): NotUnderstood {
  return new NotUnderstood("it is no well-formed JSON");
}
