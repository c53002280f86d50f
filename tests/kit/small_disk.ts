/**
 * A file system that is soon full, or read-only. Needs the rights of root.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A mounted file system. Disposing it unmounts it. */
export interface SmallDisk extends AsyncDisposable {
  /** Makes it read-only or writable. */
  remount(how: "ro" | "rw"): Promise<void>;
}

/**
 * Mounts a file system of 256 KB in a new directory at `path`.
 *
 * @param inodes most files and directories. @default as many as it has room for
 */
export async function mountSmall(
  path: string,
  inodes?: number,
): Promise<SmallDisk> {
  await Deno.mkdir(path);
  const size = `size=256k${inodes === undefined ? "" : `,nr_inodes=${inodes}`}`;
  await run("mount", "-t", "tmpfs", "-o", size, "tmpfs", path);
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
