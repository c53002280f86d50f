import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { isErrno, SsmError, systemCode } from "../../lib/errors.ts";

Deno.test("isErrno() knows what the system refused, by node: and by Deno", async () => {
  for (const read of [readFile, Deno.readFile]) {
    const error = await read("/nonexistent").catch((error) => error);
    assert.equal(systemCode(error), "ENOENT");
    assert.ok(isErrno(error, "EACCES", "ENOENT"));
    assert.ok(!isErrno(error, "EACCES"));
  }
});

Deno.test("systemCode() is empty for what the system did not say", () => {
  const strange = Object.assign(new Error("?"), { code: 5 });
  const all = [new SsmError("TRUST", "?"), new Error("?"), strange, undefined];
  assert.deepEqual(all.map(systemCode), ["", "", "", ""]);
});
