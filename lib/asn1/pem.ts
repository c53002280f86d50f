/**
 * PEM: base64 blocks between BEGIN and END lines.
 *
 * Certificate files of the grid carry text around the blocks, byte order marks,
 * CRLF line ends and several blocks, at times joined without a line end between
 * them; that is all tolerated. What is inside a block is not guessed at: a
 * character that is not base64 is an error.
 *
 * Source: RFC 7468 §3, RFC 1421 §4.6 (encryption headers).
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { TAG } from "./read.ts";

/** One block. */
export interface PemBlock {
  /** The words after BEGIN: `CERTIFICATE`, `RSA PRIVATE KEY`. */
  readonly label: string;
  /** Lines such as `Proc-Type: 4,ENCRYPTED` before the base64 lines, by name. */
  readonly headers: ReadonlyMap<string, string>;
  /** What the base64 lines encode. */
  readonly bytes: Uint8Array;
}

/**
 * A byte order mark, as UTF-8 or as it looks in Latin-1, may stand before a
 * boundary; a label is of some printable words, which errors repeat.
 */
const BOUNDARY =
  /^(?:\ufeff|\xef\xbb\xbf)?-----(BEGIN|END) ([!-,.-~](?:[- ]?[!-,.-~]){0,63})-----(.*)$/s;

/** Ends of lines, and the place between two blocks that were joined without one. */
const LINE_END = /\r\n|\n|\r|(?<=-----)(?=-----BEGIN )/;

/**
 * All blocks of a file, in their order; text around them, also behind an END, is
 * skipped.
 *
 * @throws {SsmError} `CERTIFICATE` when a block is not closed or not base64.
 */
export function decodePem(file: Uint8Array | string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let lines: string[] = [];
  for (const line of textOf(file).split(LINE_END)) {
    const [, kind, words = "", rest = ""] = BOUNDARY.exec(line) ?? [];
    if (kind === "BEGIN" && /^[\s\0]*$/.test(rest)) {
      if (label !== undefined) throw unclosed(label);
      label = words;
      lines = [];
    } else if (kind === "END" && label !== undefined) {
      if (words !== label) throw unclosed(label);
      blocks.push(readBlock(label, lines));
      label = undefined;
    } else if (label !== undefined) {
      lines.push(line);
    }
  }
  if (label !== undefined) throw unclosed(label);
  return blocks;
}

/**
 * What a file of one kind of thing holds: the PEM blocks with one of these
 * labels, or the whole file if it is DER.
 *
 * @param labels The usual one first: it is said of DER, too.
 * @throws {SsmError} `CERTIFICATE` when a block is not closed or not base64.
 */
export function decodePemOrDer(
  file: Uint8Array | string,
  labels: readonly [string, ...string[]],
): Pick<PemBlock, "label" | "bytes">[] {
  if (typeof file !== "string" && isDer(file)) {
    return [{ label: labels[0], bytes: file }];
  }
  return decodePem(file).filter(({ label }) => labels.includes(label));
}

/** One block with 64-column lines. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""]
    .join("\n");
}

/** The tag is a digit in text; what is signed is so long that its length takes octets that are not ASCII. */
function isDer([tag, length = 0]: Uint8Array): boolean {
  return tag === TAG.sequence && length >= 0x80;
}

/** As the byte order mark says; PEM itself is the same in all other encodings that are in use. */
function textOf(file: Uint8Array | string): string {
  if (typeof file === "string") return file;
  const [first, second] = file;
  const encoding = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "latin1";
  return new TextDecoder(encoding).decode(file);
}

function readBlock(label: string, lines: readonly string[]): PemBlock {
  const headers = new Map<string, string>();
  const isHeader = lines[0]?.includes(":") ?? false;
  const end = isHeader ? lines.findIndex((line) => line.trim() === "") : 0;
  for (const line of lines.slice(0, end)) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  const base64 = lines.slice(Math.max(end, 0)).join("").replace(/[ \t]/g, "");
  try {
    return { label, headers, bytes: Uint8Array.fromBase64(base64) };
  } catch {
    // The text is not repeated: it may be a private key.
    throw new SsmError(
      "CERTIFICATE",
      `Cannot read PEM block ${label}: its lines are not base64`,
    );
  }
}

function unclosed(label: string): SsmError {
  return new SsmError(
    "CERTIFICATE",
    `Cannot read PEM block ${label}: its END line is missing`,
  );
}
