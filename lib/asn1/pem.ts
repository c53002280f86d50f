/**
 * PEM: base64 blocks between BEGIN and END lines.
 *
 * Certificate files of the grid carry text around the blocks, CRLF line ends
 * and several blocks; that is all tolerated. What is inside a block is not
 * guessed at: a character that is not base64 is an error.
 *
 * Source: RFC 7468 §3, RFC 1421 §4.6 (encryption headers).
 *
 * @module
 */
import { SsmError } from "../errors.ts";

/** One block. */
export interface PemBlock {
  /** The words after BEGIN: `CERTIFICATE`, `RSA PRIVATE KEY`. */
  readonly label: string;
  /** Lines such as `Proc-Type: 4,ENCRYPTED` before the base64 lines, by name. */
  readonly headers: ReadonlyMap<string, string>;
  /** What the base64 lines encode. */
  readonly bytes: Uint8Array;
}

/** A label of some words, which may be joined by single dashes; errors repeat it. */
const BOUNDARY = /^-----(BEGIN|END) ([^-](?:-?[^-]){0,63})-----\s*$/;

/**
 * All blocks of a file, in their order; text around them is skipped.
 *
 * @throws {SsmError} `CERTIFICATE` when a block is not closed or not base64.
 */
export function decodePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let lines: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const boundary = BOUNDARY.exec(line);
    if (boundary?.[1] === "BEGIN") {
      if (label !== undefined) throw unclosed(label);
      label = boundary[2]!;
      lines = [];
    } else if (boundary && label !== undefined) {
      if (boundary[2] !== label) throw unclosed(label);
      blocks.push(readBlock(label, lines));
      label = undefined;
    } else if (label !== undefined) {
      lines.push(line);
    }
  }
  if (label !== undefined) throw unclosed(label);
  return blocks;
}

/** One block with 64-column lines. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""]
    .join("\n");
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
