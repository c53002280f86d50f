import assert from "node:assert/strict";
import { parseScript, runScript } from "../kit/programs/script.ts";

/** Runs a script in a directory of its own. */
async function run(script: string): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "script-" });
  try {
    await Deno.writeTextFile(`${dir}/script.txtar`, script);
    await runScript(`${dir}/script.txtar`, {
      dir,
      variables: { name: "a b" },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("parseScript() takes commands, what they are to say, and files apart", () => {
  const { steps, files } = parseScript(
    "# remark\n\n$ one\nsaid\n\n# another\n$ two\n[1]\n-- a --\nx\n\n-- b/c --\ny\n",
  );
  assert.deepEqual(steps, [
    { command: "one", expected: ["said"] },
    { command: "two", expected: ["[1]"] },
  ]);
  assert.deepEqual([...files], [["a", "x\n\n"], ["b/c", "y\n"]]);
});

Deno.test("runScript() compares all that commands say, and keeps what it is told to", async () => {
  await run(`$ cat times
at <time>, <n> files:   <n:count>
in <dir> once more
at <time>

$ cat times > copy

$ files .
./copy
./script.txtar
./times

$ cat 'times'
at <time>, <n> files:   <n:count>
in <any> once more
at <any>

$ rm copy

$ ssm nothing $count '$name'
2> ssm: error: Unknown command "nothing"
2> ssm: hint: <any>
[2]
-- times --
at 2026-11-27 10:11:12, 3 files:                4
in <dir> once more
at 2026-11-27 10:11:13
`);
});

for (
  const [what, script] of [
    ["another line", "$ cat a\nsaiD\n-- a --\nsaid\n"],
    ["a line more", "$ cat a\n-- a --\nsaid\n"],
    ["a line less", "$ cat a\nsaid\nmore\n-- a --\nsaid\n"],
    ["another status", "$ ssm nothing\n2> <any>\n2> <any>\n"],
    ["another value than before", "$ cat a\n<n:x>\n<n:x>\n-- a --\n1\n2\n"],
    ["another kind of thing", "$ cat a\n<n>\n-- a --\nx\n"],
  ] as const
) {
  Deno.test(`runScript() fails for ${what}`, async () => {
    await assert.rejects(run(script), assert.AssertionError);
  });
}
