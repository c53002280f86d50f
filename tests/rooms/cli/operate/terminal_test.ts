import assert from "node:assert/strict";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { putIntoReject } from "./reject_site.ts";

const test = siteTests();

const ESCAPE = "\u001b";

test(
  "ssm reject drives a terminal by its own colours only, and writes bodies as they are elsewhere",
  async (site) => {
    const config = await site.receiver(1);
    const body = `evil ${ESCAPE}]0;title\u0007\u009b31m\n`;
    const id = await putIntoReject(site, {
      ...{ body, empaid: `${ESCAPE}c`, error: `bad ${ESCAPE}[2J` },
      signer: "Not available.",
    });
    const on = async (env: Record<string, string>, ...words: string[]) => {
      const command = ssmCommand(["reject", ...words, "-c", config]).join(" ");
      await using shown = new Running(
        ["script", "-qefc", command, "/dev/null"],
        { env },
      );
      const { status, stdout } = await shown.end();
      assert.equal(status, 0, stdout);
      return stdout;
    };
    const list = await on({ NO_COLOR: "" }, "list");
    // deno-lint-ignore no-control-regex
    assert.match(list, /^\u001b\[1mCOUNT .*\u001b\[0m\r?$/m);
    assert.ok(list.includes("bad \\x1b[2J"), list);
    assert.equal(list.split(ESCAPE).length, 3);
    assert.ok(!(await on({ NO_COLOR: "1" }, "list")).includes(ESCAPE));
    const shown = await on({ NO_COLOR: "1" }, "show", id, "--body");
    assert.equal(shown.trimEnd(), "evil \\x1b]0;title\\x07\\x9b31m");
    const { stdout } = await ssm([
      "reject",
      "show",
      id,
      "--body",
      "-c",
      config,
    ]);
    assert.equal(stdout, body);
    for (const words of [["list"], ["list", "--all"], ["show", id]]) {
      const { stdout } = await ssm(["reject", ...words, "-c", config]);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  },
  "script",
);
