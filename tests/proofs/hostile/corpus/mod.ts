/**
 * The corpus: every kind of hostile message, with the verdict on it.
 *
 * @module
 */
import type { Chapter } from "../message.ts";
import { ATTRIBUTES, DIGESTS } from "./attributes.ts";
import { AUTHORITIES } from "./authorities.ts";
import { ENCODINGS } from "./encodings.ts";
import { ENVELOPES, ORACLES } from "./envelopes.ts";
import { HEADERS } from "./headers.ts";
import { HOLDERS } from "./holders.ts";
import { NAMES } from "./names.ts";
import { PARTS } from "./parts.ts";
import { SIGNERS } from "./signers.ts";
import { LENGTHS, SIZES } from "./structures.ts";

export const CORPUS: readonly Chapter[] = [
  SIGNERS,
  ATTRIBUTES,
  DIGESTS,
  PARTS,
  HEADERS,
  ENCODINGS,
  LENGTHS,
  SIZES,
  ORACLES,
  ENVELOPES,
  AUTHORITIES,
  HOLDERS,
  NAMES,
];
