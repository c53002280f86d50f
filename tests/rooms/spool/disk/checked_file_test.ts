import assert from "node:assert/strict";
import {
  ChangedError,
  CheckedFile,
} from "../../../../lib/spool/disk/checked_file.ts";
import { systemClock } from "../../../../lib/time/mod.ts";

const encoder = new TextEncoder();

/** A claimed file of 1 MB, and what changes it while it is read. */
async function reading(
  meanwhile: (path: string) => void,
): Promise<{ read: Promise<Uint8Array>; path: string; checked: CheckedFile }> {
  const path = await Deno.makeTempFile({ prefix: "checked-" });
  await Deno.writeTextFile(path, "a".repeat(1_000_000));
  const checked = new CheckedFile(await Deno.lstat(path), systemClock);
  const read = checked.read(path);
  // The first piece is under way now, and nothing of it has come yet.
  meanwhile(path);
  return { read, path, checked };
}

Deno.test("CheckedFile.read() does not mind that another sender sets the time while it reads", async () => {
  const { read, path, checked } = await reading((path) =>
    Deno.utimeSync(path, 1_000_000_000, 1_000_000_000)
  );
  assert.deepEqual(await read, encoder.encode("a".repeat(1_000_000)));
  await checked.check(path);
  await Deno.remove(path);
});

Deno.test("CheckedFile.read() returns bytes that were there at one time", async () => {
  const { read, path, checked } = await reading((path) => {
    // In place: truncated, it would be another size for a moment.
    using file = Deno.openSync(path, { write: true });
    file.writeSync(encoder.encode("b".repeat(1_000_000)));
  });
  assert.deepEqual(await read, encoder.encode("b".repeat(1_000_000)));
  await checked.check(path);
  await Deno.writeTextFile(path, "c".repeat(1_000_000));
  await assert.rejects(checked.check(path), ChangedError);
  await Deno.remove(path);
});

Deno.test("CheckedFile.read() refuses a file that grows meanwhile", async () => {
  const { read, path } = await reading((path) =>
    Deno.writeTextFileSync(path, "more", { append: true })
  );
  await assert.rejects(read, ChangedError);
  await Deno.remove(path);
});
