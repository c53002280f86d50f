/**
 * A client that others wrote: stomp.py, driven by a script.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("stomp_client.py", import.meta.url));

/**
 * Has stomp.py do all it can with a broker, as alice with the passcode secret,
 * and checks what it says of it.
 */
export async function checkStompPy(
  { port, version }: { port: number; version: string },
): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command("/usr/bin/python3", {
    args: [SCRIPT, String(port), version],
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
    receipt: "r1",
    body: "first: ü\n",
    headers: {
      "empa-id": "1/2",
      x: "a:b",
      destination: `/queue/python-${version}`,
    },
    second: "second",
    again: ["second", "true"],
    published: "published",
    browsed: ["x", "x"],
    version,
    errors: [],
    bye: "bye",
  });
}
