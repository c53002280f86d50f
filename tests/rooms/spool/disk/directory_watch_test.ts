import assert from "node:assert/strict";
import { DirectoryWatch, DirqSimple } from "../../../../lib/spool/mod.ts";
import { intercepted } from "../../../kit/disk/intercepted.ts";
import { bytes } from "../../../kit/text.ts";

/** Nobody stops waiting. */
const { signal: NEVER } = new AbortController();

class Watched implements AsyncDisposable {
  readonly base = Deno.makeTempDirSync();
  readonly path = `${this.base}/outgoing`;
  readonly warnings: string[] = [];
  readonly watch = new DirectoryWatch(this.path, {
    recursive: true,
    warn: (text) => this.warnings.push(text),
  });

  async [Symbol.asyncDispose](): Promise<void> {
    this.watch[Symbol.dispose]();
    await Deno.remove(this.base, { recursive: true });
  }
}

Deno.test("DirectoryWatch tells of an element in a directory that was there, and of one in a new directory", async () => {
  await using watched = new Watched();
  const { path, watch } = watched;
  const spool = new DirqSimple(path, { granularitySeconds: 3600 });
  await spool.add(bytes("before"));
  await watch.changed(NEVER);
  for (const text of ["again", "and again"]) {
    const changed = watch.changed(NEVER);
    await spool.add(bytes(text));
    await changed;
  }
  const changed = watch.changed(NEVER);
  await Deno.mkdir(`${path}/12345678`);
  await changed;
});

Deno.test("DirectoryWatch tells of what happened while nobody waited, also before it watched", async () => {
  await using watched = new Watched();
  const { path, watch } = watched;
  await Deno.mkdir(path);
  await watch.changed(NEVER);
  await Deno.writeTextFile(`${path}/a`, "a");
  await watch.changed(NEVER);
});

Deno.test("DirectoryWatch watches a directory that is made later, and notices that it was made anew", async () => {
  await using watched = new Watched();
  const { path, watch } = watched;
  const stop = new AbortController();
  const missing = watch.changed(stop.signal);
  stop.abort();
  await missing;
  await Deno.mkdir(path);
  await watch.changed(NEVER);
  const changed = watch.changed(NEVER);
  await Deno.writeTextFile(`${path}/a`, "a");
  await changed;
  await Deno.remove(path, { recursive: true });
  await Deno.mkdir(path);
  await watch.changed(NEVER);
  assert.deepEqual(watched.warnings, []);
});

Deno.test("DirectoryWatch says once that it cannot watch, and lets others wait", async () => {
  await using watched = new Watched();
  const { path, watch } = watched;
  await Deno.mkdir(path);
  using _ = intercepted(Deno, "watchFs", () => () => {
    throw new Error("OS file watch limit reached");
  });
  for (let round = 0; round < 2; round++) {
    const stop = new AbortController();
    const changed = watch.changed(stop.signal);
    stop.abort();
    await changed;
  }
  assert.deepEqual(watched.warnings, [
    `Cannot watch "${path}", so new files are noticed later: OS file watch limit reached`,
  ]);
});
