/**
 * Files beside certificate and messages: the configuration itself, the log.
 *
 * @module
 */
import { dirname } from "node:path";
import { isErrno, quoted, reason } from "../../../errors.ts";
import {
  fail,
  type Finding,
  findingsOf,
  ok,
  warn,
} from "../finding/finding.ts";
import { configOf } from "../../process/logged_run.ts";
import type { Subject } from "../subject/subject.ts";

/** What the file makes, and what is odd about it. */
export function checkConfiguration(subject: Subject): Promise<Finding[]> {
  const { file, role, protocol, warnings, secretKeys } = subject;
  return findingsOf("configuration", (log) => {
    configOf({ config: { file }, warnings, secrets: secretKeys }, log);
    return [ok("configuration", `${file}: a ${role}, ${protocol}`)];
  });
}

/** Whether there can be a log: without one there is no run. */
export async function checkLogfile(
  { logging: { logfile } }: Pick<Subject, "logging">,
): Promise<Finding[]> {
  if (logfile === undefined) return [];
  try {
    using _file = await Deno.open(logfile, { append: true });
    return [ok("directories", `the log can be written to: ${quoted(logfile)}`)];
  } catch (error) {
    return isErrno(error, "ENOENT")
      ? await newLogfile(logfile)
      : [cannotLog(logfile, error)];
  }
}

/** It is made at the first start, where there is a directory. */
async function newLogfile(logfile: string): Promise<Finding[]> {
  const directory = dirname(logfile);
  try {
    await Deno.stat(directory);
    return [
      ok(
        "directories",
        `the log does not exist yet: ${
          quoted(logfile)
        } is made at the first start`,
      ),
    ];
  } catch (error) {
    return [cannotLog(logfile, error)];
  }
}

function cannotLog(logfile: string, error: unknown): Finding {
  return fail(
    "directories",
    `Cannot write to the log ${quoted(logfile)}: ${reason(error)}`,
    {
      hint:
        "its directory must exist, and the file be writable by the user of ssm",
    },
  );
}

/** Whether the pidfile can be written; a run without one is only warned of. */
export async function checkPidfile(pidfile: string): Promise<Finding[]> {
  const directory = dirname(pidfile);
  try {
    if ((await Deno.stat(directory)).isDirectory) return [];
  } catch (error) {
    if (!isErrno(error, "ENOENT")) return [];
  }
  return [
    warn(
      "process",
      `The directory of the pidfile ${quoted(pidfile)} does not exist`,
      { hint: "make it, or let systemd do so (RuntimeDirectory=)" },
    ),
  ];
}
