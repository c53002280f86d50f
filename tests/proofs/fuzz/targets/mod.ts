/**
 * Everything that is fuzzed.
 *
 * @module
 */
import type { Target } from "../target.ts";
import { ASN1_TARGETS } from "./asn1.ts";
import { MIME_TARGETS } from "./mime.ts";
import { SEALED_TARGETS } from "./sealed.ts";
import { SPOOL_TARGETS } from "./spool.ts";
import { SPLITTING_TARGETS } from "./splitting.ts";
import { SSM1_TARGETS } from "./ssm1.ts";
import { TEXT_TARGETS } from "./text.ts";
import { TRUST_TARGETS } from "./trust.ts";
import { WIRE_TARGETS } from "./wire.ts";

export const TARGETS: readonly Target[] = [
  ...WIRE_TARGETS,
  ...TEXT_TARGETS,
  ...MIME_TARGETS,
  ...ASN1_TARGETS,
  ...TRUST_TARGETS,
  ...SEALED_TARGETS,
  ...SSM1_TARGETS,
  ...SPOOL_TARGETS,
  ...SPLITTING_TARGETS,
];
