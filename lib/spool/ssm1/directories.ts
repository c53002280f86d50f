/**
 * The directories in which SSM1 keeps its messages.
 *
 * @module
 */
import { join } from "node:path";
import { DirectorySyncer } from "../disk/directory_syncer.ts";
import { spoolError } from "../disk/errors.ts";
import { makeDirectories, makeDirectory } from "../disk/files.ts";

/** Settings of {@linkcode makeSsm1Directories}. */
export interface Ssm1DirectoriesOptions {
  /** Mode of the directories, whatever the umask. @default {0o750} */
  directoryMode?: number;
  /** Whether there is `accept`, too, to which a test moves what came in. @default {false} */
  test?: boolean;
}

/**
 * Makes `incoming`, `outgoing`, `ack` and `reject` below `path` where they are missing.
 *
 * @throws {SsmError} `SPOOL` when they cannot be made.
 */
export async function makeSsm1Directories(
  path: string,
  { directoryMode = 0o750, test = false }: Ssm1DirectoriesOptions = {},
): Promise<void> {
  const names = ["incoming", "outgoing", "ack", "reject"];
  if (test) names.push("accept");
  try {
    makeDirectories(path, directoryMode);
    for (const name of names) makeDirectory(join(path, name), directoryMode);
    await new DirectorySyncer().sync(path);
  } catch (error) {
    throw spoolError("open", path, error);
  }
}
