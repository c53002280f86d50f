import assert from "node:assert/strict";
import { fileAgeMs, fileStamp } from "../../lib/file_state.ts";

Deno.test("fileStamp() is another one for other content and for another file, and else the same", async () => {
  const path = await Deno.makeTempFile({ prefix: "state-" });
  const stamp = () => fileStamp(Deno.statSync(path));
  const first = stamp();
  assert.equal(stamp(), first);
  await Deno.writeTextFile(path, "written to");
  const second = stamp();
  assert.notEqual(second, first);
  const { mtime } = await Deno.stat(path);
  await Deno.writeTextFile(`${path}.new`, "written to");
  await Deno.utime(`${path}.new`, mtime!, mtime!);
  await Deno.rename(`${path}.new`, path);
  assert.notEqual(stamp(), second, "another file of the same size and time");
  await Deno.remove(path);
});

Deno.test("fileAgeMs() takes a time in the future for one as far back", () => {
  const now = new Date(1_000_000);
  assert.equal(fileAgeMs({ mtime: new Date(999_000) }, now), 1000);
  assert.equal(fileAgeMs({ mtime: new Date(1_001_000) }, now), 1000);
  assert.equal(fileAgeMs({ mtime: null }, now), 1_000_000);
});
