/**
 * The pidfile: `<pid>\n`, as init scripts of the Python receiver expect it.
 *
 * @module
 */
import process from "node:process";
import { isErrno, isSsmError, reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";

/**
 * Writes the pidfile, which is removed on disposal. One whose process is gone is
 * taken over.
 *
 * @throws {SsmError} `RUNNING` when its process lives; `CONFIG` when it cannot be written.
 */
function claimPidfile(path: string): Disposable {
  // It appears whole: nobody may read it before the number is in it.
  const draft = `${path}.${Deno.pid}`;
  try {
    // Left by an earlier process of this number, or laid by somebody as a link to
    // what we would overwrite.
    removeIfPresent(draft);
    Deno.writeTextFileSync(draft, `${Deno.pid}\n`, {
      createNew: true,
      mode: 0o644,
    });
    try {
      while (!link(draft, path)) clearStale(path);
    } finally {
      removeIfPresent(draft);
    }
  } catch (error) {
    if (error instanceof SsmError) throw error;
    throw new SsmError(
      "CONFIG",
      `Cannot write pidfile ${path}: ${reason(error)}`,
      { cause: error, hint: "its directory must exist, writable by this user" },
    );
  }
  return {
    [Symbol.dispose]: () => {
      // Another receiver may have taken it over meanwhile.
      if (readPid(path) === Deno.pid) removeIfPresent(path);
    },
  };
}

/**
 * As {@linkcode claimPidfile} where there is a path; like with the originals, a
 * pidfile that cannot be written is a warning and no reason not to run.
 *
 * @throws {SsmError} `RUNNING`
 */
export function claimIfPossible(
  path: string | undefined,
  log: Logger,
): Disposable | undefined {
  if (path === undefined) return undefined;
  try {
    return claimPidfile(path);
  } catch (error) {
    if (!isSsmError(error, "CONFIG")) throw error;
    log.warning(`Failed to create pidfile ${path}: ${reason(error)}`);
    return undefined;
  }
}

/**
 * Removes a pidfile whose process is gone. It is first renamed to a name of our
 * own: of two receivers that find it at the same time, neither can remove what
 * the other has written since.
 */
function clearStale(path: string): void {
  assertStale(path, path);
  const stale = `${path}.${Deno.pid}.stale`;
  try {
    Deno.renameSync(path, stale);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  try {
    assertStale(path, stale);
  } catch (error) {
    link(stale, path);
    throw error;
  } finally {
    removeIfPresent(stale);
  }
}

/** @throws {SsmError} `RUNNING` when the process named in `file`, the pidfile of that path, lives. */
function assertStale(path: string, file: string): void {
  const pid = readPid(file);
  if (pid === undefined || !isAlive(pid)) return;
  throw new SsmError(
    "RUNNING",
    `Cannot start SSM.  Pidfile ${path} already exists.`,
    {
      hint:
        `process ${pid} is alive: stop it first, or remove the pidfile if that is another program`,
    },
  );
}

/** `false` when the name is taken. */
function link(from: string, to: string): boolean {
  try {
    Deno.linkSync(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

/** `undefined` when there is no file, or no number in it. */
function readPid(path: string): number | undefined {
  try {
    const pid = Number(Deno.readTextFileSync(path).trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw new SsmError(
      "CONFIG",
      `Cannot read pidfile ${path}: ${reason(error)}`,
      { cause: error },
    );
  }
}

/** Another process, that is: after a restart our own number may well be in the file. */
function isAlive(pid: number): boolean {
  if (pid === Deno.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return isErrno(error, "EPERM");
  }
}

function removeIfPresent(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
