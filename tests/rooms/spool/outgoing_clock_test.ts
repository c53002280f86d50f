import assert from "node:assert/strict";
import { DirqSimple, PlainDirectory } from "../../../lib/spool/mod.ts";
import { ShiftedClock } from "../../kit/clocks.ts";
import { locked } from "./outgoing_suite.ts";
import { bytes } from "../../kit/text.ts";

for (const kind of ["DirqSimple", "PlainDirectory"] as const) {
  const open = (path: string, clock: ShiftedClock) =>
    kind === "DirqSimple"
      ? new DirqSimple(path, { maxLockMs: 600_000, clock })
      : new PlainDirectory(path, { maxLockMs: 600_000, minAgeMs: 0, clock });

  const put = async (path: string) => {
    if (kind === "DirqSimple") {
      return await new DirqSimple(path).add(bytes("x"));
    }
    await Deno.writeTextFile(`${path}/file`, "x");
    return "file";
  };

  Deno.test(`${kind} counts the age of a claim by the clock that it is given`, async () => {
    const path = await Deno.makeTempDir();
    try {
      const name = await put(path);
      const clock = new ShiftedClock();
      await locked(open(path, clock), name);
      const other = open(path, clock);
      await other.tidy();
      assert.equal(await other.lock(name), undefined);
      clock.aheadMs = 601_000;
      await other.tidy();
      await using again = await locked(other, name);
      assert.deepEqual(await again.read(), bytes("x"));
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  });
}

Deno.test("DirqSimple says in the words of the system that an element is gone", async () => {
  const path = await Deno.makeTempDir();
  try {
    const spool = new DirqSimple(path);
    const name = await spool.add(bytes("x"));
    const entry = await locked(spool, name);
    await Deno.remove(`${path}/${name}.lck`);
    await assert.rejects(entry.read(), {
      code: "SPOOL",
      message: `Cannot read "${path}/${name}": no such file or directory`,
    });
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
