import assert from "node:assert/strict";
import {
  hashPasscode,
  parsePasscodeHash,
  type PasscodeHash,
  userTable,
} from "../../../../lib/broker/mod.ts";

const NOWHERE = { host: undefined, remote: "127.0.0.1:1", peer: undefined };

/** Made by Python: hashlib.scrypt(b"secret", salt=b"0123456789abcdef", n=16384, r=8, p=1, dklen=32). */
const FOREIGN =
  "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$41uBuEIHgVau41v1q9BTZzisnSi/olB0DbA83e36fiY";

Deno.test("hashPasscode() makes another text each time, without the passcode", async () => {
  const [one, two] = [
    await hashPasscode("secret"),
    await hashPasscode("secret"),
  ];
  assert.notEqual(one, two);
  assert.match(one, /^\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
});

Deno.test("userTable() knows passcodes by their hashes, ours and others'", async () => {
  const authenticate = userTable(
    new Map<string, string | PasscodeHash>([
      ["alice", parsePasscodeHash(await hashPasscode("päss"))!],
      ["bob", parsePasscodeHash(FOREIGN)!],
      ["carol", "plain"],
    ]),
  );
  const ask = (login?: string, passcode?: string) =>
    authenticate({ ...NOWHERE, login, passcode });
  const all = await Promise.all([
    ask("alice", "päss"),
    ask("bob", "secret"),
    ask("carol", "plain"),
    ask("alice", "secret"),
    ask("bob", ""),
    ask("carol", "päss"),
    ask("dave", "secret"),
    ask(),
  ]);
  assert.deepEqual(all, [
    { name: "alice" },
    { name: "bob" },
    { name: "carol" },
    ...Array(5).fill(undefined),
  ]);
  // Who was right once is known from then on, and still may not be wrong.
  assert.deepEqual(await ask("alice", "päss"), { name: "alice" });
  assert.equal(await ask("alice", "pass"), undefined);
});

Deno.test("parsePasscodeHash() refuses what is none, and what would cost too much", () => {
  assert.ok(parsePasscodeHash(FOREIGN));
  for (
    const text of [
      "",
      "secret",
      "$scrypt$",
      FOREIGN.slice(0, -30),
      FOREIGN.replace("ln=14", "ln=0"),
      FOREIGN.replace("ln=14", "ln=30"),
      FOREIGN.replace("r=8", "r=0"),
      FOREIGN.replace("p=1", "p=17"),
      FOREIGN.replace("scrypt", "argon2id"),
      `${FOREIGN}\n`,
    ]
  ) {
    assert.equal(parsePasscodeHash(text), undefined, text);
  }
});
