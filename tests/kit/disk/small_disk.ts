/**
 * A file system that is soon full, or read-only. Needs the rights of root.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A mounted file system. Disposing it unmounts it. */
export interface SmallDisk extends AsyncDisposable {
  /** Changes it: `ro`, `rw`, or an option that it is mounted with. */
  remount(how: string): Promise<void>;
}

/**
 * Mounts a file system in a new directory at `path`.
 *
 * @param options of the kernel's tmpfs: `nr_inodes=4` is the most files and directories
 */
export async function mountSmall(
  path: string,
  options = "size=256k",
): Promise<SmallDisk> {
  await Deno.mkdir(path);
  await run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
  return {
    remount: (how) => run("mount", "-o", `remount,${how}`, path),
    [Symbol.asyncDispose]: () => run("umount", path),
  };
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
