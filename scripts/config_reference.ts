/**
 * The configuration reference in `docs/configuration.md`, made from the tables
 * that read the files: `deno run scripts/config_reference.ts` prints it,
 * `deno task reference` writes it into that page.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import {
  RECEIVER_TABLES,
  SENDER_TABLES,
  SSM1_TABLES,
  STOMPSERVER_TABLES,
  type Table,
} from "../lib/config/mod.ts";

/** A file, with one of its protocols where it has several. */
interface Reader {
  readonly file: string;
  readonly protocol?: string;
  readonly tables: Readonly<Record<string, Table>>;
}

const READERS: readonly Reader[] = [
  ...withProtocols("sender", SENDER_TABLES),
  ...withProtocols("receiver", RECEIVER_TABLES),
  { file: "ssm1", tables: SSM1_TABLES },
  { file: "broker", tables: STOMPSERVER_TABLES },
];

function withProtocols(
  file: string,
  tables: Readonly<Record<string, Reader["tables"]>>,
): Reader[] {
  return Object.entries(tables)
    .map(([protocol, tables]) => ({ file, protocol, tables }));
}

interface Row {
  readonly readers: Reader[];
  readonly cells: string;
}

/** Markdown: one table for each section, one row for each key. */
export function configReference(): string {
  const sections = new Map<string, Row[]>();
  for (const reader of READERS) {
    for (const [section, table] of Object.entries(reader.tables)) {
      const rows = sections.get(section) ?? [];
      sections.set(section, rows);
      for (const key of Object.values(table)) {
        const fallback = key.required ? "**required**" : code(key.defaultText);
        const cells = `\`${key.name}\` | FILES | ${fallback} | ${
          escape(`${key.doc} Allowed: ${key.allowed}.`)
        }`;
        const known = rows.find((row) => row.cells === cells);
        if (known) known.readers.push(reader);
        else rows.push({ readers: [reader], cells });
      }
    }
  }
  return [...sections].map(([section, rows]) =>
    `### [${section}]

| key | in the file of | default | meaning |
| --- | --- | --- | --- |
${
      rows.map(({ readers, cells }) =>
        `| ${cells.replace("FILES", filesOf(readers))} |`
      ).join("\n")
    }
`
  ).join("\n");
}

/** Names a protocol where the key does not belong to all of a file's. */
function filesOf(readers: readonly Reader[]): string {
  const files = new Set(readers.map(({ file }) => file));
  return [...files].map((file) => {
    const own = readers.filter((reader) => reader.file === file);
    const all = READERS.filter((reader) => reader.file === file);
    return own.length === all.length
      ? file
      : `${file} (${own.map(({ protocol }) => protocol).join(", ")})`;
  }).join(", ");
}

function code(text: string | undefined): string {
  return text === undefined ? "" : `\`${text}\``;
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** Where the reference stands in a page, with the marks around it. */
const PLACE = /(<!-- reference -->\n).*(<!-- \/reference -->)/s;

/**
 * `page` with the reference between its marks.
 *
 * @throws {RangeError} when the page has no marks
 */
export function withReference(page: string): string {
  if (!PLACE.test(page)) {
    throw new RangeError("The page has no <!-- reference --> marks");
  }
  return page.replace(
    PLACE,
    (_, start, end) => `${start}\n${configReference()}\n${end}`,
  );
}

/** Writes the reference into its page, and has Deno align the tables. */
async function write(): Promise<number> {
  const page = fileURLToPath(
    new URL("../docs/configuration.md", import.meta.url),
  );
  await Deno.writeTextFile(page, withReference(await Deno.readTextFile(page)));
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", page],
  }).output();
  return code;
}

if (import.meta.main) {
  if (Deno.args.includes("--write")) Deno.exit(await write());
  console.log(configReference());
}
