import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { account } from "../../scripts/dependencies.ts";

const NOTHING_MORE = { modules: [], npmPackages: {} };

Deno.test("scripts/dependencies.ts accounts for everything that is imported", async () => {
  const script = new URL("../../scripts/dependencies.ts", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-run",
      "--allow-read",
      fileURLToPath(script),
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(code, 0);
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assert.ok(lines.includes("npm: no package"), "as docs/dependencies.md says");
});

Deno.test("account() names what nobody has given a reason for", () => {
  const modules = [{ specifier: "node:vm" }, { specifier: "jsr:@std/path" }];
  const { problems } = account({ ...NOTHING_MORE, modules }, {}, "2");
  assert.ok(problems.includes("node:vm: not accounted for"));
  assert.ok(problems.includes("jsr:@std/path: not accounted for"));
  assert.ok(problems.includes("node:zlib: not used any more"));
});

Deno.test("account() names a package that is not accounted for", () => {
  const npmPackages = { "left-pad@1.0.0": { name: "left-pad", version: "1" } };
  const { problems } = account({ ...NOTHING_MORE, npmPackages }, {}, "2");
  assert.ok(problems.includes("npm:left-pad@1.0.0: not accounted for"));
});
