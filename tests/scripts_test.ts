import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** What a wrapper of `scripts/` makes of the arguments of the Python program. */
async function handedOn(script: string, args: string[]): Promise<string> {
  const path = fileURLToPath(new URL(`../scripts/${script}`, import.meta.url));
  const { stdout } = await new Deno.Command(path, {
    args,
    env: { SSM: "/bin/echo" },
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("ssmsend hands its options to ssm send", async () => {
  assert.equal(
    await handedOn("ssmsend", ["-c", "my sender.cfg", "-l", "log.cfg"]),
    "send -c my sender.cfg -l log.cfg\n",
  );
});

Deno.test("ssmreceive goes into the background, as the Python program does", async () => {
  assert.equal(
    await handedOn("ssmreceive", ["-c", "receiver.cfg", "-d", "dns"]),
    "receive --detach -c receiver.cfg -d dns\n",
  );
});

for (
  const [args, made] of [
    [[], "-c /opt/apel/ssm/conf/ssm.cfg"],
    [["-d"], "-c /opt/apel/ssm/conf/ssm.cfg -d --detach"],
    [["my ssm.cfg", "-d"], "-c my ssm.cfg -d --detach"],
    [["-d", "my ssm.cfg"], "-c my ssm.cfg -d --detach"],
  ] satisfies [string[], string][]
) {
  Deno.test(`run-ssm ${args.join(" ")} is what SSM1's was`, async () => {
    assert.equal(await handedOn("run-ssm", args), `ssm1 ${made}\n`);
  });
}

Deno.test("the wrappers find ssm beside themselves", async () => {
  const dir = await Deno.makeTempDir({ prefix: "scripts-" });
  try {
    const script = new URL("../scripts/ssmsend", import.meta.url);
    await Deno.copyFile(script, `${dir}/ssmsend`);
    await Deno.writeTextFile(`${dir}/ssm`, '#!/bin/sh\necho "found: $*"\n', {
      mode: 0o755,
    });
    const { stdout } = await new Deno.Command(`${dir}/ssmsend`, {
      args: ["-v"],
      env: { SSM: "" },
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "found: send -v\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
