/**
 * Reading of the configuration file named on the command line.
 *
 * @module
 */
import { type Ini, readIni } from "../../config/mod.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The parsed file; `undefined`, with the sentence of the originals on standard
 * output, when there is none.
 *
 * @throws {ConfigError} when it cannot be parsed.
 */
export async function readConfigFile(
  path: string,
  terminal: Terminal,
): Promise<Ini | undefined> {
  if (await isFile(path)) return await readIni(path);
  terminal.out(`Config file not found at ${path}`);
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
