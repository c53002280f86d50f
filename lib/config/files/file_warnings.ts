/**
 * Warnings of what in a sender's or a receiver's file may not mean what its author thinks.
 *
 * @module
 */
import { placeText } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import type { Table } from "../schema/keys.ts";
import type { Protocol } from "../tables/shared_tables.ts";
import { unknownKeys } from "./unknown_keys.ts";
import { valueWarnings } from "./value_warnings.ts";

/** The sections of one role. */
type Tables = Readonly<Record<string, Table>>;

/**
 * Keys of the other protocol in the files of the originals, which ignore them
 * without a word.
 */
const TOLERATED: Readonly<Record<Protocol, readonly string[]>> = {
  AMS: ["port", "use_ssl"],
  STOMP: ["ams_project", "token"],
};

/** One warning for each such place. @throws {ConfigError} as `Ini.get` does. */
export function fileWarnings(
  ini: Ini,
  tables: Readonly<Record<Protocol, Tables>>,
  protocol: Protocol,
): string[] {
  return [
    // A file that was moved to AMS often has the BDII of former times in it.
    ...unknownKeys(ini, { obsolete: protocol === "STOMP" ? "told" : "known" }),
    ...keysOfTheOther(ini, tables, protocol),
    ...valueWarnings(ini, tables[protocol]),
  ];
}

/** `verify_broker = false` has no effect with AMS, which its author should know. */
function keysOfTheOther(
  ini: Ini,
  tables: Readonly<Record<Protocol, Tables>>,
  protocol: Protocol,
): string[] {
  // The other role may be of the other protocol.
  if (ini.has("sender") && ini.has("receiver")) return [];
  const other = protocol === "AMS" ? "STOMP" : "AMS";
  return Object.entries(tables[other]).flatMap(([section, table]) => {
    const own = namesOf(tables[protocol][section]!);
    const others = namesOf(table).filter((name) =>
      !own.includes(name) && !TOLERATED[protocol].includes(name)
    );
    return ini.options(section)
      .filter(({ name }) => others.includes(name))
      .map(({ name, line }) => {
        const place = { file: ini.file, line, section, key: name };
        return `Superfluous key ${
          placeText(place)
        }: it is for ${other}, and has no effect with ${protocol}`;
      });
  });
}

function namesOf(table: Table): string[] {
  return Object.values(table).flatMap(({ name, aliases }) => [
    name,
    ...aliases,
  ]);
}
