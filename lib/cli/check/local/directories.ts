/**
 * The directories of messages: whether ssm can work in them.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isErrno, quoted, reason } from "../../../errors.ts";
import {
  fail,
  type Finding,
  type Measure,
  ok,
  unknown,
  warn,
} from "../finding/finding.ts";
import type { SpoolPlace } from "../subject/subject.ts";

const AREA = "directories";

/** Below that many bytes a day's messages may not fit any more. */
const MIN_FREE_BYTES = 100 << 20;
const MIN_FREE_INODES = 10_000;

/** Looks at a directory, and tries in a directory of its own within what is done there. */
export async function checkPlace(place: SpoolPlace): Promise<Finding[]> {
  const { path, isMade } = place;
  const info = await look(path);
  if (info === "missing") {
    return isMade ? await willBeMade(place) : await missing(path);
  }
  if (typeof info === "string") return [unknown(AREA, info)];
  if (!info.isDirectory) {
    return [
      fail(AREA, `${quoted(path)} is no directory`, {
        hint: "let path name the directory itself",
      }),
    ];
  }
  return [
    ...await tryOut(path),
    ...await oneFileSystem(place, info.dev),
    ...space(place, path),
  ];
}

/** What is there; `missing`, or why that cannot be told. */
async function look(path: string): Promise<Deno.FileInfo | string> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    return isErrno(error, "ENOENT")
      ? "missing"
      : `Cannot look at ${quoted(path)}: ${reason(error)}`;
  }
}

/** A directory that those make who write messages. */
async function missing(path: string): Promise<Finding[]> {
  const parent = dirname(resolve(path));
  const hint = "it is made by the program that writes the messages";
  return await look(parent) === "missing"
    ? [
      fail(
        AREA,
        `${quoted(path)} does not exist, nor does the directory that it is in`,
        { hint: `correct path, if it is mistyped; ${hint}` },
      ),
    ]
    : [
      warn(AREA, `${quoted(path)} does not exist: no message was written yet`, {
        hint,
      }),
    ];
}

/** A directory that the program makes itself at its start, where it can. */
async function willBeMade(place: SpoolPlace): Promise<Finding[]> {
  let parent = dirname(resolve(place.path));
  while (await look(parent) === "missing") parent = dirname(parent);
  const tried = await tryOut(parent);
  const isFine = tried.every(({ level }) => level === "ok");
  return isFine
    ? [
      ok(
        AREA,
        `${
          quoted(place.path)
        } does not exist yet: it is made at the first start`,
      ),
      ...space(place, parent),
    ]
    : tried;
}

/**
 * Does what spools do: directories as locks, files that are written, synced, linked and
 * renamed. Programs that read the directory pass over names that begin with a dot.
 */
async function tryOut(path: string): Promise<Finding[]> {
  const own = join(path, `.ssm-check-${crypto.randomUUID()}`);
  let action = "make a directory";
  try {
    await Deno.mkdir(own, { mode: 0o700 });
    action = "lock by making a directory twice";
    if (await isMadeAgain(own)) {
      return [
        fail(
          AREA,
          `Cannot lock in ${quoted(path)}: one directory can be made twice`,
        ),
      ];
    }
    action = "write and sync a file";
    const file = join(own, "file");
    using open = await Deno.open(file, { createNew: true, write: true });
    await open.write(new TextEncoder().encode("ssm check\n"));
    await open.sync();
    action = "lock by a hard link";
    await Deno.link(file, join(own, "link"));
    const { nlink, uid } = await Deno.stat(file);
    action = "rename a file";
    await Deno.rename(file, join(own, "renamed"));
    const owner = (await Deno.stat(path)).uid;
    return [
      ok(
        AREA,
        `${quoted(path)}: files, locks and hard links work, as user ${uid}` +
          (owner === uid ? "" : ` (it belongs to user ${owner})`) +
          (nlink === 2 ? "" : "; links are not counted there"),
      ),
    ];
  } catch (error) {
    return [
      fail(AREA, `Cannot ${action} in ${quoted(path)}: ${reason(error)}`, {
        hint: isErrno(error, "EACCES", "EPERM")
          ? "run the check as the user of ssm; if it is that, give it the right to write there"
          : "ssm needs a directory in which that can be done",
      }),
    ];
  } finally {
    await Deno.remove(own, { recursive: true }).catch(() => {});
  }
}

async function isMadeAgain(path: string): Promise<boolean> {
  try {
    await Deno.mkdir(path);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

/** Files are renamed from one of these directories into the other. */
async function oneFileSystem(
  { path, together }: SpoolPlace,
  device: number,
): Promise<Finding[]> {
  const strangers: string[] = [];
  for (const name of together) {
    const info = await look(join(path, name));
    if (typeof info !== "string" && info.dev !== device) strangers.push(name);
  }
  return strangers.map((name) =>
    fail(
      AREA,
      `${quoted(join(path, name))} is on another file system than ${
        quoted(path)
      }`,
      {
        hint: "messages are moved between them: mount one file system for both",
      },
    )
  );
}

/** @param at a directory that is there */
function space(
  { path, name }: SpoolPlace,
  at: string,
): Finding[] {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(at);
    const bytes = bavail * bsize;
    // Some file systems make inodes as they are needed.
    const inodes = files === 0 ? Infinity : ffree;
    const text = `${quoted(path)}: ${mebibytes(bytes)} MiB are free${
      files === 0 ? "" : `, and ${ffree} inodes`
    }`;
    const measures: Measure[] = [
      {
        name: `${name}_free`,
        value: bytes,
        unit: "B",
        warn: `${MIN_FREE_BYTES}:`,
      },
    ];
    if (bytes > MIN_FREE_BYTES && inodes > MIN_FREE_INODES) {
      return [ok(AREA, text, { measures })];
    }
    const say = bytes === 0 || inodes === 0 ? fail : warn;
    return [say(AREA, text, { hint: "make room on that disk", measures })];
  } catch (error) {
    return [
      unknown(
        AREA,
        `Cannot tell how much is free in ${quoted(at)}: ${reason(error)}`,
      ),
    ];
  }
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}
