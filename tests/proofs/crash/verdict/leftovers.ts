/**
 * What the dead leave behind: making it old, and seeing that it goes.
 *
 * @module
 */

/** Older than any age at which leftovers count as such; the configurations here ask for 10 s, the spools for 5 minutes. */
const OLD_MS = 600_000;

const TEMPORARY =
  /(?:\.lck|\.tmp|\/\.ssm-senders\/[^/]+|\/\.tmp-[^/]+|\/\.ssm-claims\/[^/]+|\/temporary\/[^/]+)$/;

/** Gives every lock, claim and temporary element below these directories the age at which it may be cleared away. */
export function makeOld(...directories: readonly string[]): void {
  const then = new Date(Date.now() - OLD_MS);
  for (const path of directories.flatMap(leftoversIn)) {
    unlessGone(() => Deno.utimeSync(path, then, then));
  }
}

/** The locks, claims and temporary elements below a directory. */
export function leftoversIn(directory: string): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of entriesOf(directory)) {
    const path = `${directory}/${name}`;
    if (TEMPORARY.test(path)) found.push(path);
    else if (isDirectory) found.push(...leftoversIn(path));
  }
  return found;
}

/** Every file below a directory. */
export function filesIn(directory: string): string[] {
  return entriesOf(directory).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    return entry.isDirectory ? filesIn(path) : [path];
  });
}

function entriesOf(directory: string): Deno.DirEntry[] {
  return unlessGone(() => Array.from(Deno.readDirSync(directory))) ?? [];
}

/** Who takes messages out of incoming may be faster. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
