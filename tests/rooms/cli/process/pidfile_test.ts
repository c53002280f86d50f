import assert from "node:assert/strict";
import { claimIfPossible } from "../../../../lib/cli/process/pidfile.ts";
import { Logger } from "../../../../lib/log/logger.ts";

const log = new Logger("test", []);

Deno.test("A pidfile is written through no link that somebody has laid", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const victim = `${dir}/victim`;
    const pidfile = `${dir}/ssm.pid`;
    await Deno.writeTextFile(victim, "precious");
    // The name under which it is written before it gets its own.
    await Deno.symlink(victim, `${pidfile}.${Deno.pid}`);
    {
      using claimed = claimIfPossible(pidfile, log);
      assert.ok(claimed);
      const { isFile, isSymlink } = await Deno.lstat(pidfile);
      assert.deepEqual({ isFile, isSymlink }, {
        isFile: true,
        isSymlink: false,
      });
      assert.equal(await Deno.readTextFile(pidfile), `${Deno.pid}\n`);
      assert.equal(await Deno.readTextFile(victim), "precious");
    }
    assert.deepEqual(
      Array.from(Deno.readDirSync(dir), ({ name }) => name),
      ["victim"],
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
