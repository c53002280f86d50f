import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** What a wrapper of `scripts/` makes of the arguments of the Python program. */
async function handedOn(script: string, args: string[]): Promise<string> {
  const path = fileURLToPath(
    new URL(`../../scripts/${script}`, import.meta.url),
  );
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
    const script = new URL("../../scripts/ssmsend", import.meta.url);
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

/** Runs a shell that runs ssmsend, with `SSM=/bin/echo`. */
async function inShell(before: string) {
  const script = fileURLToPath(
    new URL("../../scripts/ssmsend", import.meta.url),
  );
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", `${before}\n"$SCRIPT" -c x`],
    env: { SSM: "/bin/echo", SCRIPT: script },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("the wrappers raise a limit of the address space that may be raised", async () => {
  assert.deepEqual(await inShell("ulimit -S -v 4000000"), {
    code: 0,
    out: "send -c x\n",
    err: "",
  });
});

Deno.test("the wrappers say which limit keeps ssm from starting", async () => {
  const { code, out, err } = await inShell("ulimit -v 4000000");
  assert.deepEqual([code, out], [1, ""]);
  const [error, hint] = err.split("\n");
  assert.equal(
    error,
    "ssm: error: Cannot start: the address space is limited to 4000000 KiB (ulimit -v), ssm reserves up to 67108864",
  );
  assert.match(hint!, /^ssm: hint: start it from a shell, /);
});

Deno.test("the wrappers work where the working directory was removed", async () => {
  // The shell itself may complain; what matters is that ssm is started.
  const { code, out } = await inShell('d=$(mktemp -d); cd "$d"; rmdir "$d"');
  assert.deepEqual([code, out], [0, "send -c x\n"]);
});

Deno.test("the wrapper under another name says how it wants to be called", async () => {
  const script = fileURLToPath(
    new URL("../../scripts/ssm-by-name", import.meta.url),
  );
  const { code } = await new Deno.Command(script, {
    env: { SSM: "/bin/echo" },
  }).output();
  assert.equal(code, 2);
});
