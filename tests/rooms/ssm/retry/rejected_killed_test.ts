import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DeliveredElements } from "../../../../lib/spool/mod.ts";
import { text } from "../../../kit/stage.ts";
import { textLines } from "../../../kit/text_lines.ts";
import { bodiesIn } from "../../spool/ssm1/ssm1_site.ts";
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
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", PROGRAM, kind, dir, `${killAt}`],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let last = "";
  for await (const line of textLines(child.stdout)) {
    if (!line.startsWith("synced ")) {
      last = line.replaceAll(ELEMENT, "/ELEMENT");
    }
  }
  await child.status;
  return last;
}

const ELEMENT = /\/[0-9a-f]{14}\b/g;

async function incoming(kind: Kind, dir: string): Promise<string[]> {
  if (kind === "ssm1") {
    return bodiesIn(`${dir}/incoming`)
      .filter((name) => {
        const whole = `${dir}/incoming/${name}.sig`;
        return Deno.statSync(whole).isFile;
      })
      .map((name) => Deno.readTextFileSync(`${dir}/incoming/${name}`)).sort();
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
