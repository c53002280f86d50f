import assert from "node:assert/strict";
import { Receiving } from "../../kit/programs/program_receiver.ts";
import { siteTests } from "../../kit/programs/program_site.ts";

const test = siteTests();

/** A line of its own, a red one, backwards, by a control of eight bits. */
const HOSTILE =
  "id\n2026-11-20 09:16:29,086 - ssmreceive - INFO - forged\r\x1b[31m\u202e\x9b2J\u2028";

/** Every character that no log or terminal may see, line ends aside. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202e]/;

test("what comes from the network forges no log line and drives no terminal", async (site) => {
  await using receiving = await Receiving.start(site);
  assert.equal(
    await receiving.send(site.pki.ec, "payload", HOSTILE),
    "incoming",
  );
  const { stdout } = await receiving.receiver.stop();
  const log = await Deno.readTextFile(site.logfile);
  assert.equal(stdout, log);
  assert.doesNotMatch(log, UNSAFE);
  const lines = (await site.log()).filter((line) => line.includes("forged"));
  assert.deepEqual(lines, [
    "ssm.ssm2 - INFO - Received message. ID = id\\x0a2026-11-20 09:16:29,086 " +
    "- ssmreceive - INFO - forged\\x0d\\x1b[31m\\u202e\\x9b2J\\u2028",
  ]);
  // Where it is kept, it is kept as it came.
  const [element] = await site.elements("incoming");
  assert.equal(element?.["empaid"], HOSTILE);
});

test("a name in a certificate forges no log line and drives no terminal", async (site) => {
  const evil = await site.pki.ca.issue({
    subject: "/C=UK/O=Test/CN=evil\nforged\x1b[31m",
  });
  await using receiving = await Receiving.start(site);
  assert.equal(await receiving.send(evil, "payload"), "reject");
  const { stdout } = await receiving.receiver.stop();
  assert.doesNotMatch(stdout, UNSAFE);
  assert.doesNotMatch(stdout, /^forged/m);
  assert.match(stdout, /Message rejected: .*evil.*forged/);
});

test("log lines are JSON objects with format = json, also when the message is hostile", async (site) => {
  await using receiving = await Receiving.start(site, {
    logging: { format: "json" },
  });
  await receiving.send(site.pki.ec, "payload", HOSTILE);
  await receiving.receiver.stop();
  const text = await Deno.readTextFile(site.logfile);
  assert.doesNotMatch(text, UNSAFE);
  const records = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const record of records) {
    assert.deepEqual(Object.keys(record), ["time", "name", "level", "message"]);
    assert.equal(record.time, new Date(record.time).toISOString());
  }
  const { time: _, ...received } = records.find(({ message }) =>
    message.startsWith("Received message.")
  );
  assert.deepEqual(received, {
    name: "ssm.ssm2",
    level: "INFO",
    message: `Received message. ID = ${HOSTILE}`,
  });
});
