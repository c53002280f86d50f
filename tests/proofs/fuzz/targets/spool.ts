/**
 * Names in spools: what others write into a directory, and what is asked of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  DeliveredElements,
  DirqSimple,
  PlainDirectory,
} from "../../../../lib/spool/mod.ts";
import type { Target } from "../target.ts";

const encoder = new TextEncoder();
const NAME = /^[0-9a-f]{8}\/[0-9a-f]{14}$/;

/** A directory with one element, and a file beside it that nobody may reach. */
async function withSpool(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "fuzz-" });
  try {
    await Deno.mkdir(`${dir}/spool/0123abcd`, { recursive: true });
    await Deno.writeTextFile(`${dir}/spool/0123abcd/0123456789abcd`, "x");
    await Deno.writeTextFile(`${dir}/outside`, "secret");
    await work(dir);
    assert.equal(await Deno.readTextFile(`${dir}/outside`), "secret");
    const names = Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
    assert.deepEqual(names, ["outside", "spool"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const NAMES: Target = {
  name: "names",
  samples: [
    "0123abcd/0123456789abcd",
    "0123abcd/0123456789abcd.lck",
    "../outside",
    "0123abcd/../../outside",
  ].map((text) => encoder.encode(text)),
  words: ["/", "..", "../", "\0", "\n", ".lck", ".tmp", "./", "\x1b[2J", "ü"],
  async check(input) {
    const name = new TextDecoder().decode(input);
    await withSpool(async (dir) => {
      const simple = new DirqSimple(`${dir}/spool`);
      const delivered = new DeliveredElements(`${dir}/spool`);
      if (NAME.test(name)) {
        await (await simple.lock(name))?.[Symbol.asyncDispose]();
      } else {
        await assert.rejects(simple.lock(name), RangeError);
        await assert.rejects(delivered.read(name), RangeError);
      }
      await putByName(`${dir}/spool`, name);
      for (const listed of await simple.list()) assert.match(listed, NAME);
      for (const listed of delivered.list()) assert.match(listed, NAME);
      const plain = new PlainDirectory(`${dir}/spool`, { minAgeMs: 0 });
      for (const listed of await plain.list()) {
        assert.ok(!listed.includes("/"), "a path is listed");
      }
    });
  },
};

/** A file of that name, as far as the system lets anybody make one. */
async function putByName(dir: string, name: string): Promise<void> {
  const flat = name.replace(/[/\0]/g, "").slice(0, 80);
  if (flat === "" || flat === "." || flat === "..") return;
  try {
    await Deno.writeTextFile(`${dir}/${flat}`, "x");
    await Deno.writeTextFile(`${dir}/0123abcd/${flat}`, "x");
  } catch (error) {
    // The name of the directory itself, or too long.
    if (!(error instanceof Error)) throw error;
  }
}

export const SPOOL_TARGETS: readonly Target[] = [NAMES];
