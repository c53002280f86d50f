/**
 * The pidfile: `<pid>\n`, as init scripts of the Python receiver expect it.
 *
 * @module
 */
import process from "node:process";
import { SsmError } from "../errors.ts";

/** Removes the pidfile when disposed. */
export interface Pidfile extends Disposable {
  readonly path: string;
}

/**
 * Writes the pidfile. One whose process is gone, or is no ssm (the number was
 * given to another program after a reboot), is taken over.
 *
 * @throws {SsmError} `RUNNING` when its process lives; `CONFIG` when it cannot be written.
 */
export function claimPidfile(path: string): Pidfile {
  for (let attempt = 1;; attempt++) {
    try {
      Deno.writeTextFileSync(path, `${Deno.pid}\n`, {
        createNew: true,
        mode: 0o644,
      });
      break;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists) || attempt > 3) {
        throw new SsmError("CONFIG", `Cannot write pidfile ${path}`, {
          cause: error,
          hint: "create its directory, writable by this user",
        });
      }
      checkPidfile(path);
      removeIfPresent(path);
    }
  }
  return {
    path,
    [Symbol.dispose]: () => {
      // Another receiver may have taken it over meanwhile.
      if (readPid(path) === Deno.pid) removeIfPresent(path);
    },
  };
}

/** @throws {SsmError} `RUNNING` when the pidfile names a living ssm other than this process. */
export function checkPidfile(path: string): void {
  const pid = readPid(path);
  if (pid !== undefined && pid !== Deno.pid && isSsmProcess(pid)) {
    throw new SsmError(
      "RUNNING",
      `Cannot start SSM.  Pidfile ${path} already exists.`,
      { hint: `process ${pid} is running; stop it first` },
    );
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(Deno.readTextFileSync(path).trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new SsmError("CONFIG", `Cannot read pidfile ${path}`, {
      cause: error,
    });
  }
}

function isSsmProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as { code?: string }).code === "EPERM";
  }
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("ssm");
  } catch {
    // No /proc here: a living process is all that can be known.
    return true;
  }
}

function removeIfPresent(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
