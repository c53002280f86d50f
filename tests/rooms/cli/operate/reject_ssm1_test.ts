import assert from "node:assert/strict";
import { Ssm1Reject } from "../../../../lib/spool/mod.ts";
import { Ssm1Sealer } from "../../../../lib/ssm/mod.ts";
import type { Credentials } from "../../../peers/openssl/openssl.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";
import { certificateOf, signerOf } from "../../../kit/receiving.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { runScript } from "../../../kit/programs/script.ts";
import { bytes } from "../../../kit/text.ts";

const test = siteTests();

const PATH = "messages";

/** The file of a consumer and producer. */
async function ssm1(site: Site): Promise<void> {
  const { certificatePath, keyPath } = site.pki.server;
  await site.write(
    "ssm.cfg",
    `[broker]
host: 127.0.0.1
port: 1
use-ssl: false
use-pwd: false
[certificates]
certificate: ${certificatePath}
key: ${keyPath}
cadir: ${site.pki.caPath}
[messagedb]
path: ${site.dir}/${PATH}
test: false
[logging]
logfile: ${site.logfile}
level: INFO
console: true
[consumer]
topic: /queue/ssm1
valid-dns: ${site.dir}/dns
read-valid-dns: 10
[producer]
topic: /queue/ssm1
consumer-dn: /C=UK/O=Test/CN=server.example.org
ack: /queue/acks
msg-check-time: 1
`,
  );
}

/** Refuses what a producer sends again and again, as a consumer does. */
async function refuse(
  site: Site,
  from: Credentials,
  { text, times, at, error, signer }: {
    text: string;
    times: number;
    /** Hours of the day: what is listed is in the order of time. */
    at: number;
    error: string;
    signer: string;
  },
): Promise<void> {
  const sealer = new Ssm1Sealer({
    signer: () => signerOf(from),
    recipient: () => certificateOf(site.pki.server),
  });
  const clock = new ManualClock();
  clock.timeOfDay = Date.UTC(2026, 10, 27, at);
  for (let i = 0; i < times; i++) {
    // After a restart, too.
    const reject = await Ssm1Reject.open(`${site.dir}/${PATH}`, { clock });
    const { body } = await sealer.seal(bytes(text));
    const prepared = await reject.prepare({
      key: crypto.randomUUID(),
      origin: text,
      fields: { body, error, signer },
    });
    await prepared!.commit();
  }
}

test("ssm reject works on the directories of SSM1", async (site) => {
  const { ec, unlisted } = site.pki;
  await ssm1(site);
  await refuse(site, ec, {
    ...{ text: "one record", times: 3, at: 12, signer: "Not available." },
    error: "Failed to verify message: Unverified signer: no CRL",
  });
  await refuse(site, unlisted, {
    ...{ text: "another", times: 1, at: 13 },
    error: "Signer not in valid DNs list: /C=UK/O=Test/CN=unlisted.example.org",
    signer: "/C=UK/O=Test/CN=unlisted.example.org",
  });
  const loaders = `${site.dir}/${PATH}/reject/20261127-101112-001`;
  await Deno.writeTextFile(loaders, "unreadable");
  await Deno.writeTextFile(
    `${loaders}.err`,
    "Parsing unsuccessful: no header\n",
  );
  await Deno.writeTextFile(
    `${loaders}.sig`,
    "/C=UK/O=Test/CN=ec.example.org\n",
  );
  await Deno.mkdir(`${site.dir}/${PATH}/outgoing`);
  await Deno.writeTextFile(`${site.dir}/${PATH}/outgoing/late`, "late");
  await runScript(new URL("reject_ssm1.txtar", import.meta.url), {
    dir: site.dir,
  });
  assert.equal(
    (await site.log()).filter((line) => /Message saved to incoming/.test(line))
      .length,
    1,
  );
});
