import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { retryMark } from "../../../../lib/ssm/mod.ts";
import { Stage } from "../../../kit/stage.ts";
import { runProgram } from "../../../kit/programs/short_program.ts";

const PROGRAM = fileURLToPath(new URL("retry_killed.ts", import.meta.url));
const COUNT = 60;

/** Runs the program until it has said so many lines, or to its end. */
async function runUntil(dir: string, lines: number): Promise<void> {
  let said = 0;
  const { success } = await runProgram(
    ["-A", PROGRAM, dir],
    () => ++said === lines,
  );
  if (lines === Infinity) assert.ok(success);
}

Deno.test("UntrustedRetry delivers each message once, however often it is killed", async () => {
  await using stage = await Stage.open();
  const reject = await stage.delivery("reject");
  const bodies = Array.from({ length: COUNT }, (_, n) => `body ${n}`);
  for (const body of bodies) {
    const prepared = await reject.prepare({
      key: body,
      fields: {
        ...{ body, signer: "Not available.", empaid: body, error: "no CRL" },
        ...retryMark(body, { what: "CRL", authority: "/CN=CA" }),
      },
    });
    await prepared?.commit();
  }
  for (const lines of [1, 2, 3, 5, 8, 13, 21, 34, 55]) {
    await runUntil(stage.dir, lines);
  }
  await runUntil(stage.dir, Infinity);
  const delivered = await stage.delivered("incoming");
  assert.deepEqual(
    delivered.map(({ body }) => body).sort(),
    bodies.toSorted(),
  );
  assert.deepEqual(await stage.delivered("reject"), []);
});
