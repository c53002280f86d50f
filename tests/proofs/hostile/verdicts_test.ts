import assert from "node:assert/strict";
import { type OpeningEnvelope, Ssm1Opener } from "../../../lib/ssm/mod.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { CORPUS } from "./corpus/mod.ts";
import { MAX_UNPACKED, PACKED } from "./corpus/packed.ts";
import { judge } from "./judge.ts";
import { MadeCorpus } from "./made.ts";
import type { Chapter } from "./message.ts";
import type { HostileSite } from "./site.ts";

const PARTS = ["openssl"] as const;

const corpus = sharedServer(PARTS, () => MadeCorpus.make([...CORPUS, PACKED]));

async function ssm1Opener(site: HostileSite): Promise<Ssm1Opener> {
  const inner = await site.opener();
  return new Ssm1Opener({ inner, maxUnpackedBytes: MAX_UNPACKED });
}

async function judgeChapter(
  t: Deno.TestContext,
  { title }: Chapter,
  opener: OpeningEnvelope,
): Promise<void> {
  for (const made of corpus().messages) {
    if (made.chapter !== title) continue;
    const verdict = made.error === undefined ? "accepts" : "rejects";
    await t.step(`${verdict} ${made.name}`, () => judge(opener, made));
  }
}

for (const chapter of CORPUS) {
  testWith(PARTS, `SmimeOpener and ${chapter.title}`, async (t) => {
    await judgeChapter(t, chapter, await corpus().site.opener());
  });
}

testWith(PARTS, `Ssm1Opener and ${PACKED.title}`, async (t) => {
  await judgeChapter(t, PACKED, await ssm1Opener(corpus().site));
});

testWith(
  PARTS,
  "Ssm1Opener accepts nothing of what is not packed, and names no other signers",
  async () => {
    const { site, messages } = corpus();
    const opener = await ssm1Opener(site);
    for (const { chapter, name, body, error, signer } of messages) {
      if (chapter === PACKED.title) continue;
      const opened = await opener.open(body);
      assert.equal(opened.status, "rejected", name);
      // A sender is told of a rejection if, and only if, the signer is named.
      const named = error === undefined ? undefined : signer;
      assert.ok([undefined, named].includes(opened.signer), name);
    }
  },
);

Deno.test("the corpus names each of its messages once", () => {
  const names = [...CORPUS, PACKED].flatMap(({ messages }) =>
    messages.map(({ name }) => name)
  );
  assert.equal(new Set(names).size, names.length);
});
