/**
 * Delivers one message, says which changes of the disk it makes, and kills itself
 * before one of them: `ssm1_killed.ts PATH BODY SIGNER KILL_AT`.
 *
 * @module
 */
import { Ssm1Incoming } from "../../lib/spool/mod.ts";

const [path = "", body = "", signer = "", killAt = ""] = Deno.args;
const spool = await Ssm1Incoming.open(path);
let steps = 0;
watchDisk();
const prepared = await spool.prepare("any", { body, signer });
step("prepared");
await prepared?.commit();
step("committed");

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Before a step; what a sync did cannot be seen, so that after it needs no kill. */
function step(name: string): void {
  say(name);
  if (++steps === Number(killAt)) Deno.kill(Deno.pid, "SIGKILL");
}

/** Announces each change of the disk just before it is made. */
function watchDisk(): void {
  const { openSync, linkSync, renameSync, removeSync } = Deno;
  const { sync } = Deno.FsFile.prototype;
  const opened = new WeakMap<Deno.FsFile, string>();
  Deno.openSync = (path, options) => {
    if (options?.createNew) step(`create ${shortened(path)}`);
    const file = openSync(path, options);
    opened.set(file, shortened(path));
    return file;
  };
  Deno.FsFile.prototype.sync = async function () {
    step(`sync ${opened.get(this)}`);
    await sync.call(this);
    say(`synced ${opened.get(this)}`);
  };
  Deno.linkSync = (from, to) => {
    step(`link ${shortened(to)}`);
    linkSync(from, to);
  };
  Deno.renameSync = (from, to) => {
    step(`rename ${shortened(to)}`);
    renameSync(from, to);
  };
  Deno.removeSync = (path, options) => {
    step(`remove ${shortened(path)}`);
    removeSync(path, options);
  };
}

/** The same for every message: the name's directory and ending. */
function shortened(file: string | URL): string {
  return String(file).slice(path.length + 1)
    .replace(/\d{8}-\d{6}-\d{3}/, "ID").replace(/[0-9a-f]{32}/, "MD5");
}
