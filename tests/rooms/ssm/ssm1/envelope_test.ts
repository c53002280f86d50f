import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { WeakDigests } from "../../../../lib/smime/mod.ts";
import { Ssm1Opener, Ssm1Sealer } from "../../../../lib/ssm/mod.ts";
import { pack } from "../../../../lib/ssm/ssm1/packing.ts";
import { openssl } from "../../../peers/openssl/openssl.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import {
  certificateOf,
  opener,
  type OpenerChanges,
  sealed as sealedAsSsm2,
  signerOf,
} from "../../../kit/receiving.ts";
import { bytes, text } from "../../../kit/text.ts";

const PARTS = ["openssl"] as const;
const pki = sharedServer(PARTS, testPki);
const HOST = "/C=UK/O=Test/CN=host.example.org";

/** Everything that text could break. */
const CONTENT = Uint8Array.from({ length: 5000 }, (_, i) => i * 7 % 256);

function sealer(cipher?: "aes256"): Ssm1Sealer {
  const { host, server } = pki();
  return new Ssm1Sealer({
    signer: () => signerOf(host),
    recipient: () => certificateOf(server),
    ...(cipher && { cipher }),
  });
}

function ssm1Opener(changes: OpenerChanges = {}): Ssm1Opener {
  return new Ssm1Opener({
    inner: opener(pki(), changes),
    maxUnpackedBytes: 10_000,
  });
}

for (const cipher of [undefined, "aes256"] as const) {
  testWith(
    PARTS,
    `Ssm1Opener opens what Ssm1Sealer has sealed with ${
      cipher ?? "the default cipher"
    }`,
    async () => {
      const { body, digest } = await sealer(cipher).seal(CONTENT);
      assert.equal(digest, createHash("md5").update(CONTENT).digest("hex"));
      const opened = await ssm1Opener().open(body);
      assert.ok(opened.status === "accepted");
      assert.deepEqual(new Uint8Array(opened.payload), CONTENT);
      assert.equal(opened.signer, HOST);
    },
  );
}

testWith(
  PARTS,
  "Ssm1Sealer seals as the protocol says: des3 around a text signature around base64 of zlib",
  async () => {
    const { server } = pki();
    const { body } = await sealer().seal(CONTENT);
    const structure = await openssl(["smime", "-pk7out"], { stdin: body });
    const dump = await openssl(["asn1parse"], { stdin: structure });
    assert.match(text(dump), /:des-ede3-cbc/);
    const signed = await openssl([
      ...["smime", "-decrypt", "-recip", server.certificatePath],
      ...["-inkey", server.keyPath],
    ], { stdin: body });
    const packed = await openssl(
      ["smime", "-verify", "-text", "-noverify"],
      { stdin: signed },
    );
    const lines = text(packed).replaceAll("\r\n", "\n");
    assert.equal(lines, text(await pack(CONTENT)));
    assert.ok(lines.split("\n").every((line) => line.length <= 76));
  },
);

/** Packed content, signed and encrypted by openssl. */
async function byOpenssl(...options: string[]): Promise<Uint8Array> {
  const { host, server } = pki();
  const signed = await openssl([
    ...["smime", "-sign", "-text", ...options],
    ...["-signer", host.certificatePath, "-inkey", host.keyPath],
  ], { stdin: await pack(CONTENT) });
  return await openssl(
    ["smime", "-encrypt", "-des3", server.certificatePath],
    { stdin: signed },
  );
}

testWith(
  PARTS,
  "Ssm1Opener takes SHA-1 where told to, and MD5 only where that is told, too",
  async () => {
    const sha1 = await byOpenssl("-md", "sha1");
    const md5 = await byOpenssl("-md", "md5");
    const statuses = async (allowWeakDigests: WeakDigests) => {
      const both = [sha1, md5].map((body) =>
        ssm1Opener({ allowWeakDigests }).open(body)
      );
      return (await Promise.all(both)).map(({ status }) => status);
    };
    assert.deepEqual(await statuses("none"), ["rejected", "rejected"]);
    assert.deepEqual(await statuses("sha1"), ["accepted", "rejected"]);
    assert.deepEqual(await statuses("all"), ["accepted", "accepted"]);
  },
);

testWith(
  PARTS,
  "Ssm1Opener refuses what is not encrypted, not packed, or too large",
  async () => {
    const { host, server } = pki();
    const error = async (body: Uint8Array) => {
      const opened = await ssm1Opener().open(body);
      assert.ok(opened.status === "rejected");
      // Nobody may be told REJECTED for it: that is for a signer who is not allowed.
      assert.equal(opened.signer, undefined);
      assert.equal(opened.body, body);
      return opened.error;
    };
    const packed = await pack(CONTENT);
    assert.equal(
      await error(await sealedAsSsm2(packed, host)),
      "Failed to decrypt message: it is not encrypted",
    );
    assert.match(
      await error(await sealedAsSsm2(bytes("plain text"), host, server)),
      /^Failed to unpack message: Cannot decode base64: /,
    );
    const bomb = await pack(new Uint8Array(10_001));
    assert.equal(
      await error(await sealedAsSsm2(bomb, host, server)),
      "Failed to unpack message: Cannot unpack message: it is larger than 10000 bytes",
    );
    assert.equal(
      await error(new Uint8Array(0)),
      "Empty text passed to _handle_msg.",
    );
  },
);

testWith(PARTS, "Ssm1Opener names the signer who is not allowed", async () => {
  const { body } = await sealer().seal(CONTENT);
  const opened = await ssm1Opener({ allowed: ["/CN=another"] }).open(body);
  assert.ok(opened.status === "rejected");
  assert.equal(opened.signer, HOST);
});
