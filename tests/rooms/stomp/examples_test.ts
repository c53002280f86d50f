import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

Deno.test("every example of the library has the right types, and runs", async () => {
  const places = ["lib/stomp", "lib/net", "lib/broker", "docs/library.md"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--doc", "--no-prompt", "--allow-net=127.0.0.1", ...places],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.equal(code, 0, said + new TextDecoder().decode(stderr));
  const [, passed] = /\| (\d+) passed \| 0 failed/.exec(said) ?? [];
  assert.ok(Number(passed) >= 8, said);
});

Deno.test("the library is usable without the rest of ssm", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "lib/stomp/mod.ts"],
    cwd: ROOT,
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const rooms = new Set<string>();
  for (const { specifier } of modules as { specifier: string }[]) {
    const [, room] = /\/lib\/(\w+)/.exec(specifier) ?? [];
    if (specifier.startsWith("file:")) rooms.add(room ?? specifier);
  }
  // Of the network it knows the shape of a socket, and nothing that opens one.
  assert.deepEqual([...rooms].sort(), [
    ...["asn1", "bytes", "errors", "net", "stomp", "time"],
  ]);
});
