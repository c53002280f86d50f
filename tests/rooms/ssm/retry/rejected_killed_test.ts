import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DeliveredElements } from "../../../../lib/spool/mod.ts";
import { text } from "../../../kit/text.ts";
import { runProgram } from "../../../kit/programs/short_program.ts";
import {
  BAD,
  GOOD,
  type Kind,
  OF_LOADER,
  openSpools,
  rejectThree,
  retryAll,
} from "./rejected_site.ts";

const PROGRAM = fileURLToPath(new URL("rejected_killed.ts", import.meta.url));

/** Steps before which it must have been killed, besides those of a delivery. */
const STEPS: Readonly<Record<Kind, readonly string[]>> = {
  dirq: [
    "rename incoming/00000000/ELEMENT",
    "remove incoming/00000000/ELEMENT/error",
    "remove incoming/00000000/ELEMENT/locked",
    "rename reject/00000000/ELEMENT/error",
    "rename reject/obsolete/ELEMENT",
    "remove reject/obsolete/ELEMENT",
  ],
  ssm1: [
    "rename incoming/ID",
    "rename incoming/ID.sig",
    "remove reject/ID.err",
    "rename reject/ID.err",
    "remove reject/ID",
  ],
};

/** What its last step was. */
async function retryAndDie(
  kind: Kind,
  dir: string,
  killAt: number,
): Promise<string> {
  const args = ["-A", PROGRAM, kind, dir, `${killAt}`];
  const { lines } = await runProgram(args);
  const last = lines.filter((line) => !line.startsWith("synced ")).at(-1)!
    .replaceAll(ELEMENT, "/ELEMENT");
  return last;
}

const ELEMENT = /\/[0-9a-f]{14}\b/g;

async function incoming(kind: Kind, dir: string): Promise<string[]> {
  if (kind === "ssm1") {
    // The signer is the last that comes: without it there is no message.
    return Array.from(Deno.readDirSync(`${dir}/incoming`), ({ name }) => name)
      .filter((name) => /^[^.].*\.sig$/.test(name))
      .map((name) => `${dir}/incoming/${name.slice(0, -".sig".length)}`)
      .map((path) => Deno.readTextFileSync(path)).sort();
  }
  const elements = new DeliveredElements(`${dir}/incoming`);
  const bodies = elements.list().map(async (name) =>
    text((await elements.read(name))["body"]!)
  );
  return (await Promise.all(bodies)).sort();
}

for (const kind of ["dirq", "ssm1"] as const) {
  Deno.test(`retryRejected() loses and doubles nothing in ${kind}, wherever it is killed`, async () => {
    const steps = new Set<string>();
    for (let killAt = 1;; killAt++) {
      const dir = await Deno.makeTempDir({ prefix: "retry-" });
      try {
        await rejectThree(kind, dir);
        const last = await retryAndDie(kind, dir, killAt);
        await retryAll(kind, dir);
        assert.deepEqual(
          await incoming(kind, dir),
          [GOOD, OF_LOADER],
          `killed before: ${last}`,
        );
        const { rejected } = await openSpools(kind, dir);
        const [left, ...others] = await Array.fromAsync(rejected.entries());
        assert.deepEqual(others, [], `killed before: ${last}`);
        assert.equal(text((await rejected.read(left!.id))["body"]!), BAD);
        assert.equal(left!.reason, "Still bad", `killed before: ${last}`);
        assert.equal(left!.signer, "/CN=bad");
        // Once more is as good as once.
        const again = await retryAll(kind, dir);
        assert.deepEqual(again.map(({ outcome }) => outcome), ["reject"]);
        assert.deepEqual(await incoming(kind, dir), [GOOD, OF_LOADER]);
        steps.add(last);
        if (last === "done") break;
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    }
    for (const step of STEPS[kind]) {
      assert.ok(steps.has(step), `never killed before: ${step}`);
    }
  });
}
