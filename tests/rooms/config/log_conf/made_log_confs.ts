/**
 * Files for Python's `logging.fileConfig`.
 *
 * @module
 */
import { type LoggingConfig, readLogConf } from "../../../../lib/config/mod.ts";
import { SURROUNDINGS } from "../files/made_files.ts";

/** What is read from a file that says nothing. */
export const DEFAULT: LoggingConfig = {
  logfile: undefined,
  level: "INFO",
  console: true,
  format: "text",
};

/** One form of lines, that of the original. */
export const FORMATTER = `
[formatters]
keys=plain
[formatter_plain]
format=%(asctime)s - %(name)s - %(levelname)s - %(message)s
`;

/** A file with these handlers, each a class, arguments and perhaps a level. */
export function logConf(
  loggers: string,
  handlers: Record<string, [kind: string, args: string, level?: string]>,
): string {
  const sections = Object.entries(handlers).map(([name, [kind, args, level]]) =>
    `[handler_${name}]\nclass=${kind}\nargs=${args}\nformatter=plain\n${
      level === undefined ? "" : `level=${level}\n`
    }`
  );
  return `${loggers}\n[handlers]\nkeys=${Object.keys(handlers).join(",")}\n${
    sections.join("")
  }${FORMATTER}`;
}

/** The root logger, with one handler. */
export const ROOT = "[loggers]\nkeys=root\n[logger_root]\nhandlers=file\n";

/** A file with this text, in which `DIR` is its directory. */
export async function logConfFile(text: string) {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/ssm.log.cfg`;
  await Deno.writeTextFile(path, text.replaceAll("DIR", directory));
  return {
    directory,
    path,
    read: () => readLogConf(path, SURROUNDINGS),
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}
