import assert from "node:assert/strict";
import { ssm } from "../../../kit/programs/program.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { runScript } from "../../../kit/programs/script.ts";
import { putIntoReject, rejectMessage } from "./reject_site.ts";

const test = siteTests();

const script = (name: string) => new URL(`${name}.txtar`, import.meta.url);

test("ssm reject lists, shows, retries and removes what is in a dirq", async (site) => {
  const { ec, unlisted, rogue } = site.pki;
  await site.receiver(1);
  await rejectMessage(site, ec, {
    text: "one record\n",
    id: "20261127/one",
    error: "Signer not in valid DNs list: /C=UK/O=Test/CN=ec.example.org",
    signer: "/C=UK/O=Test/CN=ec.example.org",
  });
  await rejectMessage(site, unlisted, {
    text: "another\n",
    id: "20261127/two",
    error: "Signer not in valid DNs list: /C=UK/O=Test/CN=unlisted.example.org",
    signer: "/C=UK/O=Test/CN=unlisted.example.org",
  });
  await rejectMessage(site, unlisted, {
    text: "a third\n",
    id: "noid",
    error: "Signer not in valid DNs list: /C=UK/O=Test/CN=unlisted.example.org",
    signer: "/C=UK/O=Test/CN=unlisted.example.org",
  });
  await rejectMessage(site, rogue, {
    text: "evil\n",
    id: "x\u001b[31mred",
    error:
      "Failed to verify message: Unverified signer: none\u001b]0;title\u0007",
  });
  await putIntoReject(site, {
    body: "APEL-summary-job-message: v0.2\n",
    signer: "/C=UK/O=Test/CN=ec.example.org",
    empaid: "20261127/four",
    error: "Parsing unsuccessful: Invalid header.",
  });
  await runScript(script("reject"), { dir: site.dir });
  const dn = "/C=UK/O=Test/CN=ec.example.org";
  const lines = (await site.log()).map((line) =>
    line.replaceAll(/[0-9a-f]{8}\/[0-9a-f]{14}/g, "<id>")
  );
  assert.deepEqual(lines.filter((line) => !/unlisted|title/.test(line)), [
    "ssm.ssm2 - INFO - Fetching valid DNs.",
    "ssm.ssm2 - INFO - Judging again what is in reject: 1 message",
    "ssm.ssm2 - INFO - Message <id> of the loader, moved from reject to incoming as <id>",
    "ssm.ssm2 - INFO - Fetching valid DNs.",
    "ssm.ssm2 - INFO - Judging again what is in reject: 4 messages",
    "ssm.ssm2 - INFO - Received message. ID = 20261127/one",
    `ssm.ssm2 - INFO - Valid signer: ${dn}`,
    "ssm.ssm2 - INFO - Message saved to incoming queue as <id>",
    "ssm.ssm2 - INFO - Message 20261127/one, which waited in reject as <id>, is in incoming.",
    "ssm.ssm2 - INFO - Received message. ID = 20261127/two",
    "ssm.ssm2 - INFO - Message saved to reject queue as <id>",
    "ssm.ssm2 - INFO - Received message. ID = noid",
    "ssm.ssm2 - INFO - Message saved to reject queue as <id>",
    "ssm.ssm2 - INFO - Received message. ID = x\\x1b[31mred",
    "ssm.ssm2 - WARNING - Message rejected: Failed to verify message: Unverified signer: no valid issuer /C=UK/O=Test/CN=Rogue CA of /C=UK/O=Test/CN=host.example.org is known",
    "ssm.ssm2 - INFO - Message saved to reject queue as <id>",
  ]);
});

test(
  "ssm reject retry does not deliver as root what another user is to read",
  async (site) => {
    const config = await site.receiver(1);
    const { ec } = site.pki;
    await rejectMessage(site, ec, { text: "one", id: "1", error: "x" });
    await Deno.chown(`${site.received}/reject`, 12345, null);
    const retried = await ssm(["reject", "retry", "--all", "-c", config]);
    assert.deepEqual(retried, {
      status: 1,
      stdout: "",
      stderr:
        `ssm: error: Cannot deliver as root: "${site.received}/reject" belongs to the user 12345, who could not read it\n` +
        "ssm: hint: run it as that user: runuser -u NAME -- ssm reject retry …\n",
    });
    assert.equal((await site.elements("reject")).length, 1);
  },
  "root",
);
