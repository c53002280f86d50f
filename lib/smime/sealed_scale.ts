/**
 * How long a sealed message becomes at most, told before it is sealed.
 *
 * It is told from the payload alone, so that it is the same tomorrow, with another
 * certificate.
 *
 * @module
 */
import { isUtf8 } from "node:buffer";
import { quotedPrintableBound } from "./mime/quoted_printable_bound.ts";
import { TRAILER_BYTES } from "./sign.ts";

/** A length as a sum: of what every message has, and of what each piece of its payload adds. */
export interface SealedScale {
  /** In bytes. */
  readonly fixed: number;
  /** In bytes; a piece may stand anywhere in the payload. */
  weigh(piece: Uint8Array): number;
}

/** Around what is encrypted: headers, the names in it, and the key encrypted with RSA. */
const ENVELOPE_BYTES = 4096;
const BASE64_LINE = 64;
/** Of bytes as base64 with line ends, of 64 digits and of 76. */
const BASE64_64 = 4 / 3 * 65 / 64;
const BASE64_76 = 4 / 3 * 77 / 76;

/**
 * The scale for `payload`, and for whatever is cut from it between ASCII characters.
 *
 * @param options.encrypted whether messages are encrypted after they are signed
 */
export function sealedScale(
  payload: Uint8Array,
  { encrypted }: { encrypted: boolean },
): SealedScale {
  const mayBeBinary = payload.includes(0) || !isUtf8(payload);
  // An encrypted message has CRLF line ends inside, and is base64 around them.
  const sealed = ({ bytes, lineEnds }: Encoded) =>
    encrypted ? Math.ceil((bytes + lineEnds) * BASE64_64) : bytes;
  const fixed = sealed({ bytes: TRAILER_BYTES, lineEnds: TRAILER_LINES });
  return {
    fixed: fixed + (encrypted ? ENVELOPE_BYTES : 0),
    weigh(piece) {
      const text = sealed(quotedPrintableBound(piece));
      return mayBeBinary ? Math.max(text, sealed(base64Bound(piece))) : text;
    },
  };
}

/** The length of something that is written as text, and how many lines it ends. */
interface Encoded {
  readonly bytes: number;
  readonly lineEnds: number;
}

const TRAILER_LINES = Math.ceil(TRAILER_BYTES / BASE64_LINE);

function base64Bound(piece: Uint8Array): Encoded {
  const bytes = Math.ceil(piece.length * BASE64_76);
  return { bytes, lineEnds: Math.ceil(bytes / 77) };
}
