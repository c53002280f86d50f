import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  CIPHERS,
  type ContentCipher,
} from "../../../../lib/smime/cms/algorithms.ts";
import {
  ciphertextLength,
  decryptContent,
  encryptContent,
} from "../../../../lib/smime/cms/content_cipher.ts";
import {
  type CipherName,
  decryptMessage,
  encryptMessage,
} from "../../../../lib/smime/mod.ts";
import { Identities, type Job, runJobs } from "../../../kit/pki/identities.ts";
import { bytes } from "../../../kit/text.ts";

/** Large contents are worked on in pieces of 512 KiB. */
const PIECE = 1 << 19;

const CBC = CIPHERS.filter(({ mode }) => mode !== "AES-GCM");

/** Around blocks, around a piece and around two. */
const LENGTHS = [0, PIECE, 2 * PIECE].flatMap((near) =>
  [-17, -16, -15, -9, -8, -7, -1, 0, 1, 7, 8, 9, 15, 16, 17]
    .map((more) => near + more)
    .filter((length) => length >= 0)
);

/** Fewer of them, since the cipher is slow. */
const DES_LENGTHS = LENGTHS.filter((length) => length < PIECE + 10);

/** Still fewer, where each costs a process. */
const EDGES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 16];

/** Bytes without line ends, which encryption leaves as they are. */
const BYTES = new Uint8Array(2 * PIECE + 17).map((_, i) =>
  0x20 + (Math.imul(i, i + 7) >>> 9) % 0xc0
);

function content(length: number): Uint8Array<ArrayBuffer> {
  return BYTES.slice(0, length);
}

function secret(cipher: ContentCipher) {
  return {
    key: new Uint8Array(cipher.keyBytes).map((_, i) => i * 7 + 1),
    iv: new Uint8Array(cipher.mode === "AES-CBC" ? 16 : 8).fill(3),
  };
}

async function sealed(
  cipher: ContentCipher,
  plaintext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { length } = plaintext;
  const place = new Uint8Array(ciphertextLength(cipher, length));
  place.set(plaintext);
  await encryptContent(cipher, secret(cipher), { content: place, length });
  return place;
}

function opened(
  cipher: ContentCipher,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  return decryptContent(cipher, secret(cipher), {
    ciphertext,
    authentication: undefined,
  });
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

Deno.test("encryptContent() and decryptContent() agree with openssl enc around every edge", async () => {
  const dir = await Deno.makeTempDir({ prefix: "cipher-" });
  const names: Record<string, string> = {
    aes128: "aes-128-cbc",
    aes192: "aes-192-cbc",
    aes256: "aes-256-cbc",
    des3: "des-ede3-cbc",
  };
  try {
    for (const length of LENGTHS) {
      await Deno.writeFile(`${dir}/${length}`, content(length));
    }
    for (const cipher of CBC) {
      const { key, iv } = secret(cipher);
      const lengths = cipher.name === "des3" ? DES_LENGTHS : LENGTHS;
      const jobs: Job[] = [];
      for (const length of lengths) {
        const name = `${cipher.name}-${length}`;
        jobs.push({
          name,
          command: `openssl enc -${names[cipher.name]} -K ${key.toHex()} ` +
            `-iv ${iv.toHex()} -in ${length} -out ${name}`,
        });
      }
      assert.deepEqual(await runJobs(dir, jobs), []);
      for (const length of lengths) {
        const name = `${cipher.name}-${length}`;
        const plaintext = content(length);
        const ours = await sealed(cipher, plaintext);
        const theirs = await Deno.readFile(`${dir}/${name}`);
        assert.equal(hash(ours), hash(theirs), name);
        const back = await opened(cipher, theirs);
        assert.equal(back.length, length, name);
        assert.equal(hash(back), hash(plaintext), name);
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("encryptMessage() of pieces and their edges is decrypted by openssl with every cipher", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const one = await identities.issue("rsa:2048");
  const jobs: Job[] = [];
  for (const { name: cipher } of CBC) {
    for (const length of EDGES) {
      const name = `${cipher}-${length}`;
      const message = await encryptMessage(content(length), one.certificate, {
        cipher: cipher as CipherName,
      });
      await Deno.writeFile(`${dir}/${name}`, message);
      jobs.push({
        name,
        command: `openssl smime -decrypt -in ${name} -out ${name}.opened ` +
          `-recip ${one.certificatePath} -inkey ${one.keyPath}`,
      });
    }
  }
  assert.deepEqual(await runJobs(dir, jobs), []);
  for (const { name } of jobs) {
    const length = Number(name.split("-")[1]);
    const theirs = await Deno.readFile(`${dir}/${name}.opened`);
    assert.equal(hash(theirs), hash(content(length)), name);
  }
});

Deno.test("decryptMessage() of pieces and their edges opens what openssl encrypts with every cipher", async () => {
  await using identities = await Identities.create();
  const { dir } = identities;
  const one = await identities.issue("rsa:2048");
  const jobs: Job[] = [];
  for (const length of EDGES) {
    await Deno.writeFile(`${dir}/${length}`, content(length));
    for (const { name: cipher } of CBC) {
      for (const way of ["", " -stream"]) {
        const name = `${cipher}${way}-${length}`.replace(" -", "+");
        jobs.push({
          name,
          command: `openssl smime -encrypt -binary -${cipher}${way} ` +
            `-in ${length} -out ${name} ${one.certificatePath}`,
        });
      }
    }
  }
  assert.deepEqual(await runJobs(dir, jobs), []);
  for (const { name } of jobs) {
    const length = Number(name.split("-")[1]);
    const message = await Deno.readFile(`${dir}/${name}`);
    const before = hash(message);
    const back = await decryptMessage(message, one);
    assert.equal(hash(back), hash(content(length)), name);
    assert.equal(hash(message), before, name);
  }
});

Deno.test("decryptMessage() leaves a binary body as it was, and opens it again", async () => {
  await using identities = await Identities.create();
  const one = await identities.issue("rsa:2048");
  for (const { name: cipher } of CBC) {
    const text = new TextDecoder().decode(
      await encryptMessage(content(100), one.certificate, {
        cipher: cipher as CipherName,
      }),
    );
    const message = new Uint8Array([
      ...bytes("Content-Type: application/pkcs7-mime\n\n"),
      ...Uint8Array.fromBase64(text.split("\n\n")[1]!),
    ]);
    const before = message.slice();
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(await decryptMessage(message, one), content(100));
      assert.deepEqual(message, before);
    }
  }
});

Deno.test("decryptContent() rejects a wrong padding, a cut and an empty ciphertext after any piece", async () => {
  for (const cipher of CBC) {
    const block = cipher.mode === "AES-CBC" ? 16 : 8;
    for (const length of [5, PIECE - 1, PIECE, PIECE + 5, 2 * PIECE - block]) {
      const good = await sealed(cipher, content(length));
      const name = `${cipher.name} ${length}`;
      // The bit of the block before that flips the last byte of the padding.
      const flipped = good.slice();
      if (good.length > block) {
        flipped[good.length - block - 1]! ^= 0x80;
        await assert.rejects(opened(cipher, flipped), name);
      }
      await assert.rejects(opened(cipher, good.slice(0, -1)), name);
      // What ends with the plaintext of a block has no padding: a cut by whole blocks.
      if (good.length > block) {
        await assert.rejects(opened(cipher, good.slice(0, -block)), name);
      }
    }
    await assert.rejects(opened(cipher, new Uint8Array()), cipher.name);
  }
});
