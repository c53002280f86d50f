import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import { requireProofOfKey } from "../../../../lib/net/tls/proof_of_key.ts";
import { LEAF_FORMS } from "./leaf_forms.ts";
import { EC, made } from "./odd_leaf.ts";

for (const { what, leaf, refused } of LEAF_FORMS) {
  Deno.test(
    `requireProofOfKey() ${refused ? "refuses" : "takes"} a leaf: ${what}`,
    () => {
      const judge = () => requireProofOfKey(leaf, "broker b.example.org");
      if (refused === undefined) return judge();
      assert.throws(
        judge,
        (error) =>
          isSsmError(error, "TRUST") && refused.test(error.message) &&
          error.message.startsWith("Cannot trust broker b.example.org: "),
      );
    },
  );
}

Deno.test("requireProofOfKey() refuses a leaf cut short anywhere", () => {
  const leaf = made(EC);
  for (let length = 0; length < leaf.length; length++) {
    assert.throws(
      () => requireProofOfKey(leaf.subarray(0, length), "x"),
      (error) => isSsmError(error, "TRUST"),
    );
  }
});

Deno.test("requireProofOfKey() says how a certificate of version 3 is made", () => {
  const form = LEAF_FORMS.find(({ what }) => what === "version 1")!;
  assert.throws(
    () => requireProofOfKey(form.leaf, "x"),
    (error) =>
      isSsmError(error) && /version 3.*-extfile/.test(error.hint ?? ""),
  );
});
