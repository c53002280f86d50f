/**
 * Sealed messages: signatures, envelopes, and the whole way through both.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { verifyChain } from "../../../../lib/pki/mod.ts";
import { decryptMessage, verifyMessage } from "../../../../lib/smime/mod.ts";
import { SmimeOpener } from "../../../../lib/ssm/mod.ts";
import { clearSigned, opaque } from "../../../kit/smime/forge.ts";
import { outcomeOf, UNSAFE, valueOf } from "../outcome.ts";
import {
  certificateSample,
  cmsOf,
  NOW,
  sample,
  SEALED,
  SIGNED,
  SIGNED_TEXT,
  signerSample,
} from "../samples.ts";
import type { Random } from "../../../kit/random.ts";
import type { Target } from "../target.ts";

const CODES = [
  "MIME",
  "DER",
  "CMS",
  "SIGNATURE",
  "CERTIFICATE",
  "LIMIT",
] as const;
const MESSAGES = SIGNED.map((name) => sample(`${name}.eml`));
const ENVELOPES = SEALED.map((name) => sample(`${name}.eml`));
const ENTITY = `Content-Type: text/plain\r\n\r\n${
  SIGNED_TEXT.replaceAll("\n", "\r\n")
}`;
/** What nobody has signed. */
const OTHER = ENTITY.replace("EXAMPLE", "FORGED");
const RECIPIENTS = [signerSample("host"), signerSample("ec")];
const ROOT = certificateSample("root");

const decoder = new TextDecoder();

async function checkSigned(message: Uint8Array): Promise<void> {
  const verified = valueOf(
    await outcomeOf(CODES, () => verifyMessage(message)),
  );
  if (!verified) return;
  assert.equal(decoder.decode(verified.payload), SIGNED_TEXT);
}

/** What lines of a message are made of. */
const WORDS = [
  "\n",
  "\r\n",
  "------",
  "--\n",
  "Content-Type: ",
  "\n\n",
  "=",
  "AAAA",
];

const SIGNED_MESSAGE: Target = {
  name: "signed",
  samples: MESSAGES,
  words: WORDS,
  check: checkSigned,
};

/** The structure with the digest of the other text in place of the right one. */
function redirected(cms: Uint8Array): Uint8Array {
  const copy = Buffer.from(cms);
  for (const algorithm of ["sha256", "sha384"]) {
    const digest = (text: string) =>
      createHash(algorithm).update(text).digest();
    const at = copy.indexOf(digest(ENTITY));
    if (at >= 0) copy.set(digest(OTHER), at);
  }
  return new Uint8Array(copy);
}

const STRUCTURES = MESSAGES.map(cmsOf);

const SIGNED_DATA: Target = {
  name: "signed-data",
  der: true,
  samples: [...STRUCTURES, ...STRUCTURES.map(redirected)],
  async check(input, random) {
    const entity = random.pick([ENTITY, OTHER]);
    await checkSigned(
      random.oneIn(3) ? opaque(input) : clearSigned(entity, input),
    );
  },
};

async function checkEnvelope(message: Uint8Array): Promise<void> {
  await outcomeOf(["MIME", "DER", "CMS", "DECRYPT", "LIMIT"], async () => {
    const opened = await decryptMessage(message, RECIPIENTS);
    assert.ok(opened.length <= message.length, "it grows");
  });
}

const ENVELOPE: Target = {
  name: "envelope",
  der: true,
  samples: ENVELOPES.map(cmsOf),
  check: (input) => checkEnvelope(opaque(input)),
};

const OPENER: Target = {
  name: "opener",
  samples: [...MESSAGES, ...ENVELOPES],
  words: WORDS,
  async check(input, random) {
    const opened = await openerFor(random).open(input);
    if (opened.status === "rejected") {
      assert.equal(opened.body, input);
      assert.doesNotMatch(opened.error, UNSAFE);
      return;
    }
    assert.equal(decoder.decode(opened.payload), SIGNED_TEXT);
    assert.match(opened.signer, /CN=(host|ec)\.example\.org$/);
  },
};

function openerFor(random: Random): SmimeOpener {
  return new SmimeOpener({
    recipients: () => RECIPIENTS,
    trust: (signer, others) =>
      verifyChain(signer, others, {
        source: { find: () => [ROOT], crls: () => [] },
        now: NOW,
      }),
    isAllowed: () => true,
    allowWeakDigests: random.oneIn(2) ? "all" : "none",
    maxMessageBytes: 1 << 28,
  });
}

export const SEALED_TARGETS: readonly Target[] = [
  SIGNED_MESSAGE,
  SIGNED_DATA,
  ENVELOPE,
  OPENER,
];
