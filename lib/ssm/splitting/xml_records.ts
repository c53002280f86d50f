/**
 * The XML formats of accounting messages: one root element with nothing but records
 * in it (StAR, CAR, UR and aggregated UR), whatever the prefixes.
 *
 * Source: GFD.201 (StAR), GFD.098 (UR), EMI CAR 1.2; XML 1.0 for what is markup.
 *
 * The scanner finds where the children of the root begin and end. It refuses what
 * could make a part mean something else than it did in the whole.
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
import { isSameName, nameOf, readTag, type Tag } from "./xml_tag.ts";

/** The local names of roots, and of the records in them. */
const RECORDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["StorageUsageRecords", ["StorageUsageRecord"]],
  ["UsageRecords", ["UsageRecord", "JobUsageRecord"]],
  ["SummaryRecords", ["SummaryRecord"]],
]);

const AMPERSAND = 0x26;
const LESS = 0x3c;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const MAX_DEPTH = 1000;
/** A declaration is one line with three words in it. */
const MAX_DECLARATION_BYTES = 200;
const DECLARATION =
  /^<\?xml\s+version\s*=\s*(["'])1\.\d\1(?:\s+encoding\s*=\s*(["'])([\w.:-]+)\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\4)?\s*\?>$/;
/** What needs no document type to be known. */
const REFERENCE = /^&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});/;
const MAX_REFERENCE_BYTES = 12;

/** Whether the text may be XML. */
export function isXml(bytes: Uint8Array): boolean {
  return bytes[skipSpace(bytes, startOfText(bytes))] === LESS;
}

/** The records of a text for which {@linkcode isXml} is true. */
export function outlineXml(bytes: Uint8Array): Outline | Unsplittable {
  return outlineOf(() => {
    if (!isUtf8(bytes)) throw new NotUnderstood("its XML is not UTF-8");
    return new XmlScanner(bytes).outline();
  });
}

function startOfText(bytes: Uint8Array): number {
  const isMarked = BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte);
  return isMarked ? BYTE_ORDER_MARK.length : 0;
}

class XmlScanner {
  readonly #bytes: Uint8Array;
  readonly #latin1 = new TextDecoder("latin1");
  #at: number;
  /** The next ampersand at or after some place behind; those in comments are passed over. */
  #ampersand = -1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#at = skipSpace(bytes, startOfText(bytes));
  }

  outline(): Outline {
    this.#declaration();
    this.#skipRemarks();
    const root = this.#tag();
    const names = RECORDS.get(this.#localName(root));
    if (names === undefined || root.kind === "end") {
      throw new NotUnderstood(
        `its XML is <${
          this.#shown(root)
        }>, which is no list of records that is known`,
      );
    }
    if (root.kind === "empty") throw new NotUnderstood("it has no records");
    const headEnd = this.#at;
    const ends = this.#records(root, names);
    this.#skipRemarks();
    if (this.#at < this.#bytes.length) throw malformed();
    return { headEnd, ends, separatorBytes: 0 };
  }

  /** What the parts are written in, since it is repeated in each of them. */
  #declaration(): void {
    if (!/^<\?xml\s/.test(this.#text(this.#at, this.#at + 6))) return;
    const start = this.#at;
    const text = this.#text(start, start + MAX_DECLARATION_BYTES);
    const end = text.indexOf("?>") + 2;
    const match = DECLARATION.exec(text.slice(0, end));
    if (end < 2 || !match) {
      throw new NotUnderstood("its XML declaration is not understood");
    }
    const encoding = match[3] ?? "UTF-8";
    if (!/^(utf-?8|us-ascii|ascii)$/i.test(encoding)) {
      throw new NotUnderstood(
        `its XML is in ${shown(encoding)}, not in UTF-8`,
      );
    }
    this.#at = start + end;
  }

  /** Goes to the end of the root element. */
  #records(root: Tag, names: readonly string[]): number[] {
    const ends: number[] = [];
    for (;;) {
      const remarksEnd = this.#skipRemarks();
      const tag = this.#tag();
      if (tag.kind === "end") {
        if (!isSameName(this.#bytes, tag, root)) throw malformed();
        // A remark behind the last record is no part of what is repeated.
        if (remarksEnd !== undefined && ends.length > 0) {
          ends[ends.length - 1] = remarksEnd;
        }
        return ends;
      }
      if (!names.includes(this.#localName(tag))) {
        throw new NotUnderstood(
          `<${this.#shown(tag)}> stands beside its records`,
        );
      }
      if (tag.kind === "start") this.#skipContent(tag);
      ends.push(this.#at);
    }
  }

  /** Goes past the content of an element and its end tag. */
  #skipContent(element: Tag): void {
    const open = [element];
    while (open.length > 0) {
      this.#skipText();
      if (this.#skipRemark() || this.#skipCdata()) continue;
      const tag = this.#tag();
      if (tag.kind === "start") open.push(tag);
      else if (
        tag.kind === "end" && !isSameName(this.#bytes, tag, open.pop()!)
      ) {
        throw malformed();
      }
      if (open.length > MAX_DEPTH) {
        throw new NotUnderstood("its records are nested too deeply");
      }
    }
  }

  #skipText(): void {
    const end = this.#bytes.indexOf(LESS, this.#at);
    if (end < 0) throw malformed();
    this.#checkReferences(this.#at, end);
    this.#at = end;
  }

  #tag(): Tag {
    const tag = readTag(this.#bytes, this.#at);
    if (tag === undefined) throw this.#whyNoTag();
    this.#checkReferences(this.#at, tag.end);
    this.#at = tag.end;
    return tag;
  }

  #whyNoTag(): NotUnderstood {
    const text = this.#text(this.#at, this.#at + 9);
    if (/^<!DOCTYPE/i.test(text)) return new NotUnderstood("it has a DOCTYPE");
    if (text !== "" && !text.startsWith("<") || text.startsWith("<![CDATA[")) {
      return new NotUnderstood("there is text outside its records");
    }
    return malformed();
  }

  /** White space, comments and processing instructions; the end of the last of these two. */
  #skipRemarks(): number | undefined {
    let end: number | undefined;
    for (;;) {
      this.#at = skipSpace(this.#bytes, this.#at);
      if (!this.#skipRemark()) return end;
      end = this.#at;
    }
  }

  #skipRemark(): boolean {
    return this.#skipBetween("<!--", "-->") || this.#skipBetween("<?", "?>");
  }

  #skipCdata(): boolean {
    return this.#skipBetween("<![CDATA[", "]]>");
  }

  #skipBetween(start: string, end: string): boolean {
    if (!this.#isAt(this.#at, start)) return false;
    const last = end.charCodeAt(end.length - 1);
    for (let at = this.#at + start.length + end.length - 1;; at++) {
      at = this.#bytes.indexOf(last, at);
      if (at < 0) throw malformed();
      if (!this.#isAt(at + 1 - end.length, end)) continue;
      this.#at = at + 1;
      return true;
    }
  }

  /** Byte by byte: it is asked at every tag. */
  #isAt(at: number, text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.#bytes[at + i] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Other entities than XML's own are declared in a document type, which is not repeated. */
  #checkReferences(start: number, end: number): void {
    if (this.#ampersand < start) this.#findAmpersand(start);
    while (this.#ampersand < end) {
      const at = this.#ampersand;
      const text = this.#text(at, Math.min(at + MAX_REFERENCE_BYTES, end));
      if (!REFERENCE.test(text)) {
        throw new NotUnderstood("it has an entity that is not XML's own");
      }
      this.#findAmpersand(at + 1);
    }
  }

  #findAmpersand(from: number): void {
    const at = this.#bytes.indexOf(AMPERSAND, from);
    this.#ampersand = at < 0 ? Infinity : at;
  }

  #localName(tag: Tag): string {
    const name = nameOf(this.#bytes, tag);
    return name.slice(name.indexOf(":") + 1);
  }

  /** A name for a sentence of the log. */
  #shown(tag: Tag): string {
    return shown(nameOf(this.#bytes, tag));
  }

  #text(start: number, end: number): string {
    return this.#latin1.decode(this.#bytes.subarray(start, end));
  }
}

function malformed(): NotUnderstood {
  return new NotUnderstood("it is no well-formed XML");
}
