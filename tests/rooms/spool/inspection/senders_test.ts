import assert from "node:assert/strict";
import {
  announceSender,
  holderOf,
  type KnownSender,
  sendersOf,
} from "../../../../lib/spool/mod.ts";

/** An outgoing directory. */
async function withDirectory(
  work: (path: string) => void | Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempDir({ prefix: "senders-" });
  try {
    await work(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

const ME = { pid: 12, host: "here", since: Date.UTC(2026, 0) };

Deno.test("announceSender() leaves a trace while a sender runs, and none after", () =>
  withDirectory((path) => {
    assert.deepEqual(sendersOf(path), []);
    {
      using _first = announceSender(path, ME);
      using _second = announceSender(path, { ...ME, since: ME.since + 1 });
      assert.deepEqual(sendersOf(path), [
        { ...ME, since: ME.since + 1, alive: true },
        { ...ME, alive: true },
      ]);
    }
    assert.deepEqual([...Deno.readDirSync(path)], []);
  }));

Deno.test("sendersOf() tells those that were killed from those that run", () =>
  withDirectory(async (path) => {
    const spool = new URL("../../../../lib/spool/mod.ts", import.meta.url);
    const program = `import { announceSender } from ${JSON.stringify(spool)};
      announceSender(Deno.args[0], { pid: Deno.pid, host: "there", since: 5 });
      console.log("announced");
      setTimeout(() => {}, 600_000);`;
    const file = `${path}/program.ts`;
    await Deno.writeTextFile(file, program);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", file, path],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    const sender = { pid: child.pid, host: "there", since: 5 };
    assert.deepEqual(sendersOf(path), [{ ...sender, alive: true }]);
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
    assert.deepEqual(sendersOf(path), [{ ...sender, alive: false }]);
    using _next = announceSender(path, ME);
    // Its locks are there as long.
    assert.equal(sendersOf(path).length, 2);
    for (const { name } of Deno.readDirSync(`${path}/.ssm-senders`)) {
      await Deno.utime(`${path}/.ssm-senders/${name}`, 1, 1);
    }
    using _last = announceSender(path, ME);
    assert.deepEqual(sendersOf(path).map(({ alive }) => alive), [true, true]);
  }));

Deno.test("announceSender() leaves no trace where none can be left", () => {
  using _ = announceSender("/nonexistent", ME);
  assert.deepEqual(sendersOf("/nonexistent"), []);
});

Deno.test("sendersOf() passes over what no sender wrote", () =>
  withDirectory(async (path) => {
    await Deno.mkdir(`${path}/.ssm-senders`);
    await Deno.writeTextFile(`${path}/.ssm-senders/a`, "{}");
    await Deno.writeTextFile(`${path}/.ssm-senders/b`, "\u0000");
    await Deno.mkdir(`${path}/.ssm-senders/c`);
    assert.deepEqual(sendersOf(path), []);
  }));

Deno.test("holderOf() names the last sender that runs and had begun, or else the last that does not", () => {
  const sender = (since: number, alive: boolean): KnownSender => ({
    ...{ pid: since, host: "here", since, alive },
  });
  const at = 1_000_000;
  const late = sender(at + 60_000, true);
  const alive = sender(at - 9000, true);
  const dead = sender(at - 5000, false);
  assert.equal(holderOf(at, [late, dead, alive]), alive);
  assert.equal(holderOf(at, [late, dead]), dead);
  assert.equal(holderOf(at, [late]), undefined);
});
