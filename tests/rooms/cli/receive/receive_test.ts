import assert from "node:assert/strict";
import { VERSION } from "../../../../lib/version.ts";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { Receiving } from "../../../kit/programs/program_receiver.ts";
import { AnsweringBroker } from "../../../kit/net/answering_broker.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

const FAILED = "SSM failed to start.  See log file for details.\n";
const BREAK = "ssmreceive - INFO - ========================================";
const EC = "/C=UK/O=Test/CN=ec.example.org";
const UNLISTED = "/C=UK/O=Test/CN=unlisted.example.org";

test("ssm receive files a message, and logs the lines of the original in their order", async (site) => {
  await using receiving = await Receiving.start(site);
  assert.equal(await receiving.send(site.pki.ec, "payload\n"), "incoming");
  const { status, stderr } = await receiving.receiver.stop();
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  assert.deepEqual(await site.elements("incoming"), [
    { body: "payload\n", signer: EC, empaid: "test/id" },
  ]);
  const log = (await site.log())
    .map((line) => line.replace(/[0-9a-f]{8}\/[0-9a-f]{14}/, "NAME"));
  assert.deepEqual(log, [
    BREAK,
    `ssmreceive - INFO - Starting receiving SSM version ${VERSION}.`,
    "ssmreceive - INFO - Setting up SSM with protocol: STOMP",
    "ssmreceive - INFO - Fetching valid DNs.",
    `ssm.ssm2 - INFO - Established connection to localhost, port ${receiving.broker.port}`,
    "ssm.ssm2 - WARNING - SSL connection not requested, your messages may be intercepted.",
    "ssm.ssm2 - INFO - Connected.",
    "ssm.ssm2 - INFO - Subscribing to: /queue/test",
    "ssm.ssm2 - INFO - Received message. ID = test/id",
    `ssm.ssm2 - INFO - Valid signer: ${EC}`,
    "ssm.ssm2 - INFO - Message saved to incoming queue as NAME",
    "ssmreceive - INFO - Received the shutdown signal: SIGTERM",
    "ssm.ssm2 - INFO - SSM connection ended.",
    "ssmreceive - INFO - Receiving SSM has shut down.",
    BREAK,
  ]);
});

test("ssm receive rejects a message of a signer who is not listed, and says who", async (site) => {
  await using receiving = await Receiving.start(site);
  assert.equal(await receiving.send(site.pki.unlisted, "let me in"), "reject");
  await receiving.receiver.stop();
  const error = `Signer not in valid DNs list: ${UNLISTED}`;
  const [{ body, ...fields } = {}] = await site.elements("reject");
  assert.deepEqual(fields, { signer: UNLISTED, empaid: "test/id", error });
  assert.match(`${body}`, /^MIME-Version: 1\.0\n[^]*let me in/);
  const log = await site.log();
  assert.ok(log.some((line) => line.endsWith(`Message rejected: ${error}`)));
});

test("ssm receive says which listed DN a refused signer resembles", async (site) => {
  const similar = UNLISTED.replace("unlisted", "Unlisted") + " # ours";
  await site.write("dns", `${EC}\n${similar}\n`);
  await using receiving = await Receiving.start(site);
  assert.equal(await receiving.send(site.pki.unlisted, "let me in"), "reject");
  await receiving.receiver.stop();
  const [{ error } = {}] = await site.elements("reject");
  assert.equal(
    `${error}`,
    `Signer not in valid DNs list: ${UNLISTED}; listed is ${similar}, which differs only in a comment behind it and upper and lower case`,
  );
});

test("ssm receive stops on SIGINT as on SIGTERM", async (site) => {
  await using receiving = await Receiving.start(site);
  receiving.receiver.kill("SIGINT");
  assert.equal((await receiving.receiver.end()).status, 0);
  assert.ok(
    (await site.log()).includes(
      "ssmreceive - INFO - Received the shutdown signal: SIGINT",
    ),
  );
});

test("ssm receive gives no rights to others, whatever the umask it was started with", async (site) => {
  const careless = ["sh", "-c", 'umask 0; exec "$@"', "sh"];
  await using receiving = await Receiving.start(site, {}, careless);
  await receiving.send(site.pki.ec, "payload");
  const modes = new Set<string>();
  const walk = async (path: string) => {
    const { mode, isDirectory, isSymlink } = await Deno.lstat(path);
    if (isSymlink) return;
    const rights = (mode! & 0o777).toString(8);
    modes.add(isDirectory ? `directory ${rights}` : `file ${rights}`);
    if (!isDirectory) return;
    for (const { name } of Deno.readDirSync(path)) {
      await walk(`${path}/${name}`);
    }
  };
  await walk(site.received);
  await walk(site.logfile);
  assert.deepEqual([...modes].sort(), ["directory 750", "file 640"]);
});

test("ssm receive takes the rights of umask", async (site) => {
  await using receiving = await Receiving.start(site, {
    messaging: { umask: "007" },
  });
  await receiving.send(site.pki.ec, "payload");
  const { mode } = await Deno.lstat(`${site.received}/incoming`);
  assert.equal(mode! & 0o777, 0o770);
});

test("ssm receive writes its number to the pidfile, and removes it in the end", async (site) => {
  await using receiving = await Receiving.start(site);
  assert.equal(
    await Deno.readTextFile(site.pidfile),
    `${receiving.receiver.pid}\n`,
  );
  const { mode } = await Deno.lstat(site.pidfile);
  assert.equal(mode! & 0o777, 0o644, "monitoring may read it");
  await receiving.receiver.stop();
  await assert.rejects(Deno.lstat(site.pidfile), Deno.errors.NotFound);
});

test("ssm receive refuses a pidfile whose process lives", async (site) => {
  await using receiving = await Receiving.start(site);
  const { status, stdout, stderr } = await ssm([
    ...["receive", "-c"],
    await site.receiver(receiving.broker.port, {
      logging: { console: "false" },
    }),
  ]);
  const sentence = `Cannot start SSM.  Pidfile ${site.pidfile} already exists.`;
  assert.deepEqual({ status, stdout }, { status: 1, stdout: `${sentence}\n` });
  assert.match(
    stderr,
    new RegExp(`^ssm: error: ${sentence}\nssm: hint: process`),
  );
  // The first one goes on, and the file is still its own.
  assert.equal(await receiving.send(site.pki.ec, "payload"), "incoming");
  await receiving.receiver.stop();
  await assert.rejects(Deno.lstat(site.pidfile), Deno.errors.NotFound);
});

for (const content of ["the number of a process that has ended", "nothing"]) {
  test(`ssm receive takes over a pidfile with ${content} in it`, async (site) => {
    const ended = new Deno.Command("true").spawn();
    await ended.status;
    await site.write("ssm.pid", content === "nothing" ? "" : `${ended.pid}\n`);
    await using receiving = await Receiving.start(site);
    assert.equal(
      await Deno.readTextFile(site.pidfile),
      `${receiving.receiver.pid}\n`,
    );
    const beside = Array.from(Deno.readDirSync(site.dir), ({ name }) => name);
    assert.deepEqual(beside.filter((name) => name.startsWith("ssm.pid")), [
      "ssm.pid",
    ]);
  });
}

test("ssm receive leaves a pidfile alone that another process has taken over", async (site) => {
  await using receiving = await Receiving.start(site);
  await site.write("ssm.pid", `${Deno.pid}\n`);
  await receiving.receiver.stop();
  assert.equal(await Deno.readTextFile(site.pidfile), `${Deno.pid}\n`);
});

test("ssm receive runs without a pidfile that cannot be written, and warns", async (site) => {
  const pidfile = `${site.dir}/missing/ssm.pid`;
  await using receiving = await Receiving.start(site, { daemon: { pidfile } });
  assert.equal(await receiving.send(site.pki.ec, "payload"), "incoming");
  assert.ok((await site.log()).some((line) =>
    line.startsWith(
      `ssmreceive - WARNING - Failed to create pidfile ${pidfile}: `,
    )
  ));
});

for (const [state, text] of [["missing", undefined], ["empty", "# nobody\n"]]) {
  test(`ssm receive does not start when the DN list is ${state}`, async (site) => {
    const dns = `${site.dir}/${state}`;
    if (text !== undefined) await Deno.writeTextFile(dns, text);
    const config = await site.receiver(1, { logging: { console: "false" } });
    const { status, stdout, stderr } = await ssm(["-c", config, "-d", dns]);
    assert.deepEqual({ status, stdout }, { status: 1, stdout: FAILED });
    assert.match(stderr, new RegExp(`^ssm: error: Cannot .*"${dns}": `));
    assert.match(
      (await site.log()).at(-2)!,
      new RegExp(
        `^ssmreceive - CRITICAL - Failed to initialise SSM: Cannot .*"${dns}": `,
      ),
    );
    await assert.rejects(Deno.lstat(site.pidfile), Deno.errors.NotFound);
  });
}

test("ssm receive stops at once while a broker keeps it waiting for an answer to CONNECT", async (site) => {
  const greeted = Promise.withResolvers<void>();
  await using broker = await AnsweringBroker.start(() => greeted.resolve());
  const config = await site.receiver(broker.port, {
    broker: { connect_timeout: "600" },
  });
  await using receiver = new Running(ssmCommand(["--config", config]));
  await greeted.promise;
  assert.equal((await receiver.stop()).status, 0);
});
