import assert from "node:assert/strict";
import { mutate } from "../fuzz/mutate.ts";
import { Random } from "../../kit/random.ts";
import { SmimeMessage } from "../../../lib/smime/mod.ts";
import { tryOpenssl } from "../../peers/openssl/openssl.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { MadeCorpus } from "./made.ts";
import type { HostileSite } from "./site.ts";

const PARTS = ["openssl"] as const;

const corpus = sharedServer(PARTS, () => MadeCorpus.make());

/** What the `openssl` program says to a message; nothing when it is content with it. */
async function complaint(
  { receiver, caPath }: HostileSite,
  message: Uint8Array,
): Promise<string> {
  let signed = message;
  if (new SmimeMessage(message).isEncrypted) {
    const opened = await tryOpenssl([
      ...["cms", "-decrypt", "-recip", receiver.certificatePath],
      ...["-inkey", receiver.keyPath],
    ], { stdin: message });
    if (!opened.success) return opened.stderr;
    signed = opened.stdout;
  }
  const { success, stderr } = await tryOpenssl([
    ...["cms", "-verify", "-no-CAfile", "-no-CAstore", "-CApath", caPath],
    ...["-crl_check_all", "-purpose", "any"],
  ], { stdin: signed });
  return success ? "" : stderr;
}

testWith(
  PARTS,
  "SmimeOpener accepts nothing of the corpus that openssl refuses",
  async () => {
    const { site, messages } = corpus();
    const opener = await site.opener();
    for (const { name, body } of messages) {
      const { status } = await opener.open(body);
      if (status === "rejected") continue;
      assert.equal(await complaint(site, body), "", name);
    }
  },
);

/** Changes tried; about one in twenty leaves the message good. */
const CHANGES = 400;

testWith(
  PARTS,
  "SmimeOpener accepts nothing that openssl refuses, whatever is changed in a message",
  async () => {
    const { site, messages } = corpus();
    const opener = await site.opener();
    const good = messages.filter(({ error }) => error === undefined)
      .map(({ body }) => body);
    let accepted = 0;
    for (let number = 0; number < CHANGES; number++) {
      const random = new Random(number);
      const material = { samples: good, words: [] };
      const changed = mutate(random.pick(good), random, material);
      const { status } = await opener.open(changed);
      if (status === "rejected") continue;
      accepted++;
      assert.equal(await complaint(site, changed), "", `change ${number}`);
    }
    assert.ok(accepted > 0, "no change was harmless");
  },
);
