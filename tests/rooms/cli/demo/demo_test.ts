import assert from "node:assert/strict";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";

/** Runs with a temporary directory of its own, which is removed. */
async function inTempDir(
  work: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "demo-" });
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (const args of [[], ["--protocol", "ams"]]) {
  const line = ["ssm demo", ...args].join(" ");
  Deno.test(`${line} tells its story, and all of it has happened`, () =>
    inTempDir(async (directory) => {
      const { status, stdout, stderr } = await ssm(["demo", ...args], {
        env: { TMPDIR: directory },
      });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
      const site = /^ +directory +(\S+)$/m.exec(stdout)![1]!;
      assert.ok(site.startsWith(directory));
      const dropped = stdout.match(
        /^ +\S+\/\S+ +\d+ bytes {2}(APEL|Open|StAR|bin).*$/gm,
      );
      assert.equal(dropped?.length, 11);
      assert.equal(stdout.match(/sent, confirmed, gone$/gm)?.length, 11);
      assert.equal(stdout.match(/bytes {2}identical to \S+$/gm)?.length, 11);
      const signer = "/C=UK/O=ssm demo/OU=hosts/CN=ce01.site-a.example";
      assert.ok(stdout.includes(`arrived in incoming, signed by ${signer}\n`));
      assert.match(
        stdout,
        /^ +reject\/\S+\n +reason: Signer not in valid DNs list: /m,
      );
      assert.match(stdout, /^All of it happened, in [\d.]+ s\. Look around:$/m);
      assert.match(stdout, /^Try next/m);
      // What it says is where it says.
      const incoming = await new Deno.Command("find", {
        args: [`${site}/received/incoming`, "-name", "body"],
      }).output();
      const found = new TextDecoder().decode(incoming.stdout).trim().split(
        "\n",
      );
      assert.equal(found.length, 11);
      // And it works: what it tells to try next finds nothing left to send.
      const config = /^ +\S.* send +--config (\S+)$/m.exec(stdout)![1]!;
      assert.equal((await ssm(["send", "--config", config])).status, 0);
    }));
}

const OTHER_BYTES =
  /: The demonstration failed: \S+ arrived with other bytes\n/;
const NOBODY_REFUSED =
  /: The demonstration failed: not exactly one in reject\n/;

for (
  const [sabotage, protocol, reason] of [
    ["bytes", "ssm2", OTHER_BYTES],
    ["bytes", "ams", OTHER_BYTES],
    ["stranger", "ssm2", NOBODY_REFUSED],
    ["stranger", "ams", NOBODY_REFUSED],
  ] as const
) {
  Deno.test(`ssm demo --protocol ${protocol} fails when something else happens (${sabotage})`, () =>
    inTempDir(async (directory) => {
      await Deno.writeTextFile(`${directory}/sabotage`, sabotage);
      await using demo = new Running(
        ssmCommand(
          ["demo", "--protocol", protocol],
          new URL("sabotaged_demo.ts", import.meta.url),
        ),
        { env: { TMPDIR: directory } },
      );
      const { status, stdout, stderr } = await demo.end();
      assert.equal(status, 1);
      assert.doesNotMatch(stdout, /All of it happened/);
      assert.match(stderr, reason);
    }));
}

Deno.test("ssm demo stops on SIGTERM, with its processes", () =>
  inTempDir(async (directory) => {
    await using demo = new Running(ssmCommand(["demo"]), {
      env: { TMPDIR: directory },
    });
    await demo.line(/^2\. /);
    // They hold its output open: its end is their end.
    assert.equal((await demo.stop()).status, 1);
  }));
