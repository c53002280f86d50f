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

type File = "sender" | "receiver" | "ssm1" | "broker";

const FILES: Readonly<Record<File, Readonly<Record<string, Table>>>> = {
  sender: SENDER_TABLES,
  receiver: RECEIVER_TABLES,
  ssm1: SSM1_TABLES,
  broker: STOMPSERVER_TABLES,
};

interface Row {
  readonly files: File[];
  readonly cells: string;
}

/** Markdown: one table for each section, one row for each key. */
export function configReference(): string {
  const sections = new Map<string, Row[]>();
  for (const [file, tables] of Object.entries(FILES)) {
    for (const [section, table] of Object.entries(tables)) {
      const rows = sections.get(section) ?? [];
      sections.set(section, rows);
      for (const key of Object.values(table)) {
        const fallback = key.required ? "**required**" : code(key.defaultText);
        const cells = `\`${key.name}\` | FILES | ${fallback} | ${
          escape(`${key.doc} Allowed: ${key.allowed}.`)
        }`;
        const known = rows.find((row) => row.cells === cells);
        if (known) known.files.push(file as File);
        else rows.push({ files: [file as File], cells });
      }
    }
  }
  return [...sections].map(([section, rows]) =>
    `### [${section}]

| key | in the file of | default | meaning |
| --- | --- | --- | --- |
${
      rows.map(({ files, cells }) =>
        `| ${cells.replace("FILES", files.join(", "))} |`
      ).join("\n")
    }
`
  ).join("\n");
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
