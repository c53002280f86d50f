/**
 * What a file of SSM1 needs to be read: the machine around it, and the file of the log.
 *
 * @module
 */
import {
  type LoggingConfig,
  readLogConf,
  type Ssm1Config,
  type Surroundings,
} from "../../config/mod.ts";

/** What the variables of the file stand for. */
export function surroundingsHere(): Surroundings {
  return {
    host: Deno.hostname(),
    pid: Deno.pid,
    variable: (name) => Deno.env.get(name),
  };
}

/** The file that `log-conf-file` names, or what stands in the configuration itself. */
export async function loggingOf(
  { logConfFile, logging }: Pick<Ssm1Config, "logConfFile" | "logging">,
  { surroundings, warnings }: {
    surroundings: Surroundings;
    warnings: string[];
  },
): Promise<LoggingConfig> {
  if (logConfFile === undefined) return logging;
  const read = await readLogConf(logConfFile, surroundings);
  warnings.push(...read.warnings);
  return read.config;
}
