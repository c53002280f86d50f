import assert from "node:assert/strict";
import { parseCertificate } from "../../../../lib/pki/certificate/certificate.ts";
import { SignatureCache } from "../../../../lib/pki/signature/cache.ts";
import {
  craftCertificate,
  craftCommonName,
} from "../../../kit/pki/craft_certificate.ts";

const certificate = (name: string) =>
  parseCertificate(craftCertificate({ subject: craftCommonName(name) }));

/** A certificate that counts how often its signature is read: once to know it again, once more to verify it. */
function watched(name: string, real = certificate(name)) {
  const seen = { reads: 0 };
  const object = {
    ...real,
    get signature() {
      seen.reads++;
      return real.signature;
    },
  };
  return { object, seen };
}

Deno.test("SignatureCache verifies a good signature once", async () => {
  const cache = new SignatureCache();
  const { object, seen } = watched("a");
  assert.equal(await cache.check(object, object), true);
  const before = seen.reads;
  assert.equal(await cache.check(object, object), true);
  assert.equal(seen.reads, before);
});

Deno.test("SignatureCache knows a certificate that was read anew", async () => {
  const cache = new SignatureCache();
  const first = watched("a");
  assert.equal(await cache.check(first.object, first.object), true);
  assert.equal(first.seen.reads, 2);
  const again = watched("a", parseCertificate(first.object.raw));
  assert.equal(await cache.check(again.object, again.object), true);
  assert.equal(again.seen.reads, 1);
});

Deno.test("SignatureCache does not remember bad signatures or other objects", async () => {
  const cache = new SignatureCache();
  const good = certificate("a");
  assert.equal(await cache.check(good, good), true);
  const forged = { ...good, tbs: certificate("b").tbs };
  assert.equal(await cache.check(forged, good), false);
  assert.equal(await cache.check(forged, good), false);
  const signature = good.signature.slice();
  signature[signature.length - 1]! ^= 1;
  assert.equal(await cache.check({ ...good, signature }, good), false);
});

Deno.test("SignatureCache forgets the oldest beyond its limit", async () => {
  const cache = new SignatureCache(2);
  const [a, b, c] = [watched("a"), watched("b"), watched("c")];
  for (const { object } of [a, b, c]) await cache.check(object, object);
  const reads = ({ seen }: typeof a) => seen.reads;
  const [beforeA, beforeC] = [reads(a), reads(c)];
  await cache.check(c.object, c.object);
  assert.equal(reads(c), beforeC);
  await cache.check(a.object, a.object);
  assert.ok(reads(a) > beforeA);
});
