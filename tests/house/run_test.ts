import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TallyReader } from "./tally.ts";

const RUNNER = fileURLToPath(new URL("../run.ts", import.meta.url));
const PARTS = new URL("../peers/parts.ts", import.meta.url).href;

interface Run {
  readonly code: number;
  readonly lines: string[];
}

/** A machine without openssl and without a base runtime. */
const BARE = { PATH: "/nonexistent", DENORT_BIN: "" };

/** Runs the runner on one made-up test file. */
async function runOn(source: string, env = {}, args: string[] = []) {
  const dir = await Deno.makeTempDir({ prefix: "run-" });
  try {
    await Deno.writeTextFile(`${dir}/made_up_test.ts`, source);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", RUNNER, `${dir}/made_up_test.ts`, ...args],
      env: { SSM_TEST_STRICT: "", NO_COLOR: "1", ...env },
      stdin: "null",
    }).output();
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    return { code, lines } satisfies Run;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What the last two lines say, without the time taken. */
function ending({ code, lines }: Run): [number, string, string] {
  const [summary, counts] = lines.slice(-2);
  return [code, summary!.replace(/ \([^()]*s\)$/, ""), counts!];
}

const PASSING = `Deno.test("one passes", () => {});\n`;
const FAILING = `Deno.test("one fails", () => { throw new Error("x"); });\n`;
const SKIPPED = `import { testWith } from "${PARTS}";
  testWith(["openssl"], "one needs openssl", () => {});
  testWith(["denort"], "one needs a base runtime", () => {});\n`;

Deno.test("the runner ends with Deno's summary and the plain counts", async () => {
  assert.deepEqual(ending(await runOn(PASSING + PASSING)), [
    0,
    "ok | 2 passed | 0 failed",
    "2 passed, 0 failed",
  ]);
});

Deno.test("the runner fails when a test fails", async () => {
  assert.deepEqual(ending(await runOn(PASSING + FAILING)), [
    1,
    "FAILED | 1 passed | 1 failed",
    "1 passed, 1 failed",
  ]);
});

Deno.test("the runner counts a skipped test apart and says what it needs", async () => {
  const run = await runOn(SKIPPED + PASSING, BARE);
  assert.deepEqual(ending(run), [
    0,
    "ok | 1 passed | 0 failed | 1 ignored",
    "1 passed, 0 failed, 1 skipped",
  ]);
  assert.deepEqual(run.lines.slice(-4, -2), [
    "skipped 1: what needs the openssl command (apt-get install openssl)",
    "not run, not counted: what needs a base runtime for deno compile " +
    "(set DENORT_BIN to one of this Deno's version)",
  ]);
});

Deno.test("the runner counts a skipped test as failed where that is asked", async () => {
  const strict = { ...BARE, SSM_TEST_STRICT: "1" };
  assert.deepEqual(ending(await runOn(SKIPPED + PASSING, strict)), [
    1,
    "ok | 1 passed | 0 failed | 1 ignored",
    "1 passed, 1 failed",
  ]);
});

Deno.test("the runner fails when the tests cannot be loaded", async () => {
  assert.deepEqual(ending(await runOn(`const n: number = "one";`)), [
    1,
    "FAILED | Deno could not run the tests",
    "0 passed, 1 failed",
  ]);
});

Deno.test("the runner hands options on to deno test", async () => {
  const source = PASSING + FAILING;
  assert.deepEqual(ending(await runOn(source, {}, ["--filter", "passes"])), [
    0,
    "ok | 1 passed | 0 failed | 1 filtered out",
    "1 passed, 0 failed",
  ]);
});

function read(text: string): TallyReader {
  const reader = new TallyReader();
  for (const line of text.split("\n")) reader.read(line);
  return reader;
}

Deno.test("TallyReader counts tests, not steps", () => {
  const { passed, failed, skipped } = read(
    "FAILED | 13 passed (4 steps) | 2 failed (1 step) | 5 ignored (6 steps) (8s)",
  ).tally(false);
  assert.deepEqual([passed, failed, skipped], [13, 2, 5]);
});

Deno.test("TallyReader takes the last summary for Deno's, through colours", () => {
  const { passed, failed } = read(
    "ok | 99 passed | 0 failed (1s)\n" +
      "\u001b[0m\u001b[32mok\u001b[0m | 3 passed | 0 failed \u001b[0m\u001b[38;5;245m(9ms)\u001b[0m",
  ).tally(true);
  assert.deepEqual([passed, failed], [3, 0]);
});

Deno.test("TallyReader says for want of what tests were skipped", () => {
  const { wanting } = read(
    "a [needs activemq] ... ignored (0ms)\n" +
      "b [needs activemq, igtf] ... ignored (0ms)\n" +
      "c ... ignored (0ms)\n" +
      "d [needs rabbitmq] ... ok (0ms)\n",
  ).tally(true);
  assert.deepEqual([...wanting], [["activemq", 2], ["igtf", 1]]);
});

Deno.test("TallyReader finds a failure when Deno failed for another reason", () => {
  assert.equal(read("ok | 3 passed | 0 failed (1s)").tally(false).failed, 1);
});
