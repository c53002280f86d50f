/**
 * The file in which SSM1 is told where its log goes: one for Python's
 * `logging.fileConfig`.
 *
 * Of the many things that such a file can ask for, those are taken that ssm has: a
 * file, standard output, a level. What else it asks for is named in warnings.
 *
 * @module
 */
import { reason } from "../../errors.ts";
import { ConfigError } from "../config_error.ts";
import { type Ini, parseIni, readText } from "../ini/parse.ts";
import type { Level } from "../schema/kinds.ts";
import { type LogHandler, readLogHandler } from "./log_handler.ts";
import { LEVELS, LogSection, LOWEST } from "./log_section.ts";
import { asPython2 } from "../ini/python2_values.ts";
import type { Loaded, LoggingConfig } from "../files/shared_sections.ts";
import type { Surroundings } from "../ini/variables.ts";

/** The logger of SSM1. */
const LOGGER = "SSM";

/** The level of a root logger that is told none. */
const ROOT_LEVEL: Level = "WARNING";

/** Where the log goes when the file does not say it. */
const DEFAULT: LoggingConfig = Object.freeze({
  logfile: undefined,
  level: "INFO",
  console: true,
  format: "text",
});

/**
 * Reads such a file, variables in paths replaced.
 *
 * What cannot be understood is a warning; if nothing can, the log goes to standard
 * output at INFO.
 *
 * @throws {ConfigError} when the file cannot be read.
 */
export async function readLogConf(
  file: string,
  surroundings: Surroundings,
): Promise<Loaded<LoggingConfig>> {
  const text = await readText(file);
  const warnings: string[] = [];
  const config = understand(text, file, { surroundings, warnings });
  if (config) return { config, warnings };
  warnings.push(
    `Nothing is known from ${file} of where the log goes: it goes to standard output, at ${DEFAULT.level}`,
  );
  return { config: DEFAULT, warnings };
}

function understand(
  text: string,
  file: string,
  context: { surroundings: Surroundings; warnings: string[] },
): LoggingConfig | undefined {
  const { warnings } = context;
  let ini: Ini;
  try {
    const read = asPython2(parseIni(text, file));
    warnings.push(...read.warnings);
    ini = read.ini;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    warnings.push(reason(error));
    return undefined;
  }
  const section = (name: string) => new LogSection(ini, name, warnings);
  const root = section("logger_root");
  const own = section("loggers").list("keys")
    .map((key) => section(`logger_${key}`))
    .find((logger) => logger.text("qualname") === LOGGER);
  const level = own?.level(undefined) ?? root.level(LOWEST) ?? ROOT_LEVEL;
  // What is said to a logger is heard by those above it, whatever their levels.
  const heard = own?.text("propagate") === "0" ? [] : root.list("handlers");
  const names = new Set([...own?.list("handlers") ?? [], ...heard]);
  const handlers = [...names]
    .map((name) => readLogHandler(section(`handler_${name}`), context))
    .filter((handler) => handler !== undefined);
  return combine(handlers, { file, level, warnings });
}

/** One log from several handlers, as far as that goes. */
function combine(
  handlers: readonly LogHandler[],
  { file, level, warnings }: {
    file: string;
    level: Level;
    warnings: string[];
  },
): LoggingConfig | undefined {
  const levels = handlers.map((handler) =>
    Math.max(LEVELS.indexOf(level), LEVELS.indexOf(handler.level))
  );
  const [logfile, ...otherFiles] = new Set(
    handlers.map(({ path }) => path).filter((path) => path !== undefined),
  );
  const lowest = LEVELS[Math.min(...levels)];
  if (lowest === undefined) return undefined;
  if (new Set(levels).size > 1) {
    warnings.push(
      `The handlers in ${file} have different levels: all get ${lowest}`,
    );
  }
  for (const path of otherFiles) {
    warnings.push(
      `There is more than one log file in ${file}: ${path} is left out`,
    );
  }
  return Object.freeze({
    logfile,
    level: lowest,
    console: handlers.some(({ path }) => path === undefined),
    format: "text",
  });
}
