/**
 * How long quoted-printable becomes at most, told from pieces of the text.
 *
 * @module
 */

const TAB = 0x09;
const LF = 0x0a;
const SPACE = 0x20;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const ESCAPE_BYTES = 3;
const SOFT_BREAK_BYTES = 2;
/** A line is broken when less than an escape has room, so it has this many columns at least. */
const MIN_COLUMNS = 73;
/** The last letter of `application`, behind which a slash is escaped. */
const LAST_OF_MEDIA_TYPE = 0x6e;
/** Columns of each byte that does not depend on what is beside it. */
const COLUMNS = new Uint8Array(256).fill(ESCAPE_BYTES).fill(1, 0x21, 0x7f);
COLUMNS[EQUALS] = ESCAPE_BYTES;

/**
 * What a piece of a text adds at most to its quoted-printable form, as
 * `writeQuotedPrintable` writes it, in bytes and in line ends; as much as its plain form
 * at least. For several pieces side by side the sum of them is a bound, too.
 */
export function quotedPrintableBound(
  piece: Uint8Array,
): { bytes: number; lineEnds: number } {
  let columns = 0;
  let lineEnds = 0;
  // A line may go on before and behind the piece: at most one more break for each.
  let breaks = 2;
  let total = 0;
  for (let i = 0; i < piece.length; i++) {
    const byte = piece[i]!;
    if (byte === LF) {
      lineEnds++;
      breaks += Math.floor(columns / MIN_COLUMNS);
      total += columns;
      columns = 0;
    } else if (byte === SPACE || byte === TAB) {
      const next = piece[i + 1];
      columns += next === undefined || next === LF ? ESCAPE_BYTES : 1;
    } else if (byte === SLASH) {
      const before = piece[i - 1] ?? LAST_OF_MEDIA_TYPE;
      columns += before === LAST_OF_MEDIA_TYPE ? ESCAPE_BYTES : 1;
    } else columns += COLUMNS[byte]!;
  }
  breaks += Math.floor(columns / MIN_COLUMNS);
  // The very last LF of a text is escaped: it stands at the end of some piece.
  const lastEnd = piece.at(-1) === LF ? ESCAPE_BYTES - 1 : 0;
  return {
    bytes: total + columns + lineEnds + lastEnd + breaks * SOFT_BREAK_BYTES,
    lineEnds: lineEnds + breaks,
  };
}
