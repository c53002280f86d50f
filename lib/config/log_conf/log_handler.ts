/**
 * The handlers of a file for Python's `logging.fileConfig`.
 *
 * @module
 */
import type { Level } from "../schema/kinds.ts";
import { type LogSection, LOWEST } from "./log_section.ts";
import { pythonArguments } from "./python_arguments.ts";
import { normalPath } from "../ssm1/kinds.ts";
import { expandVariables, type Surroundings } from "../ini/variables.ts";

/** Where lines go, and which. */
export interface LogHandler {
  /** The file; `undefined` is the console. */
  readonly path: string | undefined;
  readonly level: Level;
}

/** Names of classes, without `logging.` in front. */
const FILES = ["FileHandler", "handlers.WatchedFileHandler"];
const ROTATING_FILES = [
  "handlers.RotatingFileHandler",
  "handlers.TimedRotatingFileHandler",
];
const CONSOLES = ["StreamHandler"];

const STREAMS = ["sys.stdout", "sys.stderr", "None"];

/** The form of a line, ours and that of the original. */
const FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s";

/** A handler; `undefined`, with a warning, when ssm has nothing like it. */
export function readLogHandler(
  section: LogSection,
  { surroundings }: { surroundings: Surroundings },
): LogHandler | undefined {
  const kind = section.text("class")?.replace(/^logging\./, "") ?? "";
  const isFile = FILES.includes(kind) || ROTATING_FILES.includes(kind);
  if (!isFile && !CONSOLES.includes(kind)) {
    section.warn(
      "class",
      section.exists
        ? `"${kind}" is none of those that ssm has`
        : "there is no such section",
    );
    return undefined;
  }
  const [target, mode] = pythonArguments(section.text("args") ?? "()") ?? [];
  const level = section.level(LOWEST) ?? LOWEST;
  checkFormat(section);
  if (!isFile) {
    if (target === undefined || STREAMS.includes(target.source)) {
      return { path: undefined, level };
    }
    section.warn("args", `"${target.source}" is no stream that ssm has`);
    return undefined;
  }
  if (target?.text === undefined) {
    section.warn("args", "it does not begin with the path of a file in quotes");
    return undefined;
  }
  const { text, unknown } = expandVariables(target.text, surroundings);
  for (const variable of unknown) {
    section.warn("args", `the variable ${variable} is unknown`);
  }
  const path = normalPath.parse(text);
  if (path === undefined) {
    section.warn("args", "the path is empty");
    return undefined;
  }
  if (mode?.text?.startsWith("w")) {
    section.warn("args", "lines are always appended to the file");
  }
  if (ROTATING_FILES.includes(kind)) {
    section.warn(
      "class",
      "ssm does not rotate its log; let logrotate do it, and send SIGHUP",
    );
  }
  return { path, level };
}

/** Log lines have one form. */
function checkFormat(handler: LogSection): void {
  const name = handler.text("formatter");
  if (!name) return;
  const formatter = handler.other(`formatter_${name}`);
  const ours: readonly [key: string, form: string][] = [
    ["format", FORMAT],
    ["datefmt", ""],
  ];
  for (const [key, form] of ours) {
    const written = formatter.raw(key) ?? form;
    if (written === form || written === "") continue;
    formatter.warn(key, "log lines have the form of the original");
  }
}
