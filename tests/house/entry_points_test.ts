import assert from "node:assert/strict";
import * as broker from "../../lib/broker/mod.ts";
import * as net from "../../lib/net/mod.ts";
import * as stomp from "../../lib/stomp/mod.ts";
import { SsmError } from "../../lib/errors.ts";

const PROJECT = new URL("../../deno.json", import.meta.url);

Deno.test("deno task doc looks at every entry point, as part of deno task ok", async () => {
  const { exports, tasks }: {
    exports: Record<string, string>;
    tasks: Record<"doc" | "ok", string>;
  } = JSON.parse(await Deno.readTextFile(PROJECT));
  const looked = tasks.doc.split(" ").filter((word) => word.endsWith(".ts"));
  const exported = Object.values(exports).map((path) => path.slice(2));
  assert.deepEqual(looked.sort(), exported.sort());
  assert.ok(tasks.ok.split(" && ").includes("deno task doc"));
});

Deno.test("every entry point of the library exports the errors that it throws", async () => {
  for (const entry of [stomp, broker, net]) {
    assert.equal(entry.SsmError, SsmError);
  }
  // The type, too: the checker of types would find that one of them lacks it.
  const code: stomp.ErrorCode & broker.ErrorCode & net.ErrorCode = "CONNECT";
  await assert.rejects(
    net.dial({ host: "127.0.0.1", port: 1 }),
    (error) => net.isSsmError(error, code),
  );
});
