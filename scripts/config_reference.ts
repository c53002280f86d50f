/**
 * The configuration reference of the README, made from the tables that read the
 * files: `deno run scripts/config_reference.ts` prints it.
 *
 * @module
 */
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

if (import.meta.main) console.log(configReference());
