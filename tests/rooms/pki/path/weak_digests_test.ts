import assert from "node:assert/strict";
import { type Digest, isTooWeak } from "../../../../lib/asn1/mod.ts";

Deno.test("isTooWeak() refuses the weak digests that are not accepted, and no other", () => {
  const digests: Digest[] = ["md5", "sha1", "sha224", "sha256", "sha3-256"];
  const refused = (accepted?: "none" | "sha1" | "all") =>
    digests.filter((digest) => isTooWeak(digest, accepted));
  assert.deepEqual(refused(), ["md5", "sha1"]);
  assert.deepEqual(refused("none"), ["md5", "sha1"]);
  assert.deepEqual(refused("sha1"), ["md5"]);
  assert.deepEqual(refused("all"), []);
});
