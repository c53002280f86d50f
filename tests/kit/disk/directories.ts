/**
 * Directories for tests, and what is in them.
 *
 * @module
 */

/** A directory that disposal removes. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Makes one, which is empty. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** The names in a directory, sorted; none where it is missing. */
export function namesIn(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The permissions of a file or directory. */
export function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}
