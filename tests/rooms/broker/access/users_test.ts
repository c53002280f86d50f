import assert from "node:assert/strict";
import { userTable } from "../../../../lib/broker/mod.ts";

const NOWHERE = { host: undefined, remote: "127.0.0.1:1", peer: undefined };

Deno.test("userTable() names those it lets in", async () => {
  const authenticate = userTable(new Map([["alice", "päss"], ["bob", ""]]));
  const ask = (login?: string, passcode?: string) =>
    authenticate({ ...NOWHERE, login, passcode });
  assert.deepEqual(await ask("alice", "päss"), { name: "alice" });
  assert.deepEqual(await ask("bob", ""), { name: "bob" });
  assert.equal(await ask("alice", "pass"), undefined);
  assert.equal(await ask("alice"), undefined);
  assert.equal(await ask("carol", "päss"), undefined);
  assert.equal(await ask(), undefined);
});
