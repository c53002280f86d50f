/**
 * Sections and keys that no program reads: mistyped ones, most of the time.
 *
 * @module
 */
import { placeText } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import type { Table } from "../schema/keys.ts";
import { RECEIVER_TABLES } from "../tables/receiver_tables.ts";
import { SENDER_TABLES } from "../tables/sender_tables.ts";
import { STOMPSERVER_TABLES } from "../tables/stompserver_tables.ts";

/** Keys of earlier versions of the original, which files in use still have. */
const OBSOLETE: Readonly<Record<string, readonly string[]>> = {
  broker: [
    "bdii",
    "network",
    "bdii-url",
    "bdii_url",
    "broker-network",
    "broker_network",
  ],
};

/** The sections of one role. */
type Tables = Readonly<Record<string, Table>>;

/** A key of another of these roles is none: one file may serve several. */
const ROLES: readonly Tables[] = [
  ...Object.values(SENDER_TABLES),
  ...Object.values(RECEIVER_TABLES),
  STOMPSERVER_TABLES,
];

/** Settings of {@linkcode unknownKeys}. */
export interface UnknownKeysOptions {
  /** Whose keys are known. @default {sender, receiver and embedded broker} */
  readonly roles?: readonly Tables[];
  /** Whether keys of earlier versions of the original are told, or taken for known. @default "told" */
  readonly obsolete?: "told" | "known";
  /** Why a key of other files has no effect in this one, by its name. @default none is known */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** One warning for each section and key that no role knows. */
export function unknownKeys(
  ini: Ini,
  { roles = ROLES, obsolete = "told", reasons = {} }: UnknownKeysOptions = {},
): string[] {
  const known = knownKeys(roles);
  const warnings: string[] = [];
  for (const section of ini.sections()) {
    const keys = known.get(section);
    if (keys === undefined) {
      warnings.push(
        `Unknown section [${section}] in ${ini.file}${
          suggestion(section, [...known.keys()])
        }`,
      );
      continue;
    }
    for (const { name, line } of ini.options(section)) {
      if (keys.has(name)) continue;
      const isObsolete = OBSOLETE[section]?.includes(name) ?? false;
      if (isObsolete && obsolete === "known") continue;
      const where = placeText({ file: ini.file, line, section, key: name });
      if (Object.hasOwn(reasons, name)) {
        warnings.push(`Key without effect ${where}: ${reasons[name]}`);
        continue;
      }
      warnings.push(
        isObsolete
          ? `Obsolete key ${where}: brokers are not looked up in a BDII any more`
          : `Unknown key ${where}${suggestion(name, [...keys])}`,
      );
    }
  }
  return warnings;
}

function knownKeys(roles: readonly Tables[]): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  for (const tables of roles) {
    for (const [section, table] of Object.entries(tables)) {
      const keys = known.get(section) ?? new Set();
      for (const { name, aliases } of Object.values(table)) {
        for (const word of [name, ...aliases]) keys.add(word);
      }
      known.set(section, keys);
    }
  }
  return known;
}

function suggestion(word: string, candidates: string[]): string {
  const near = candidates
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near === undefined || near.distance > 2) return "";
  // Two changes make any short word into any other.
  if (near.distance * 3 > near.candidate.length) return "";
  return `: did you mean "${near.candidate}"?`;
}

/** How many letters must be added, taken away or changed (Levenshtein), case aside. */
function distance(one: string, other: string): number {
  // Only short words can be near to a key, and long ones would be slow.
  if (one.length > 64) return Infinity;
  const a = one.toLowerCase();
  const b = other.toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(
        next[j]! + 1,
        row[j + 1]! + 1,
        row[j]! + (a[i] === b[j] ? 0 : 1),
      ));
    }
    row = next;
  }
  return row[b.length]!;
}
