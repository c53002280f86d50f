import assert from "node:assert/strict";
import { VERSION } from "../../../../lib/version.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { AnsweringBroker, content } from "../../../kit/net/answering_broker.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

const SILENT = { status: 0, stdout: "", stderr: "" };
const FAILED =
  "SSM failed to complete successfully.  See log file for details.\n";
const BREAK = "ssmsend - INFO - ========================================";

test("ssm send is silent when all is well, and logs the lines of the original in their order", async (site) => {
  await using broker = await TestBroker.start();
  const [first, second] = await site.drop("one", "two");
  const config = await site.sender(broker.port);
  assert.deepEqual(await ssm(["send", "-c", config]), SILENT);
  const sending = (name: string | undefined) => [
    `ssm.ssm2 - INFO - Sending message: ${name}`,
    "ssm.ssm2 - INFO - Waiting for broker to accept message.",
    `ssm.ssm2 - INFO - Broker received message: ${name}`,
    `ssm.ssm2 - INFO - Sent ${name}`,
  ];
  assert.deepEqual(await site.log(), [
    BREAK,
    `ssmsend - INFO - Starting sending SSM version ${VERSION}.`,
    "ssmsend - INFO - Setting up SSM with protocol: STOMP",
    "ssmsend - INFO - No server certificate supplied.  Will not encrypt messages.",
    "ssmsend - INFO - Messages will be signed using /C=UK/O=Test/CN=ec.example.org",
    `ssm.ssm2 - INFO - Established connection to localhost, port ${broker.port}`,
    "ssm.ssm2 - WARNING - SSL connection not requested, your messages may be intercepted.",
    "ssm.ssm2 - INFO - Connected.",
    "ssm.ssm2 - INFO - Will send messages to: /queue/test",
    "ssm.ssm2 - INFO - Found 2 messages.",
    ...sending(first),
    ...sending(second),
    "ssm.ssm2 - INFO - Tidying message directory.",
    "ssmsend - INFO - SSM run has finished.",
    "ssm.ssm2 - INFO - SSM connection ended.",
    "ssmsend - INFO - SSM has shut down.",
    BREAK,
  ]);
  assert.deepEqual(await site.waiting(), []);
});

test("ssm send does not connect when there is nothing to send", async (site) => {
  const config = await site.sender(freePort());
  assert.deepEqual(await ssm(["send", "-c", config]), SILENT);
  assert.deepEqual((await site.log()).slice(5), [
    "ssm.ssm2 - INFO - No messages found to send.",
    "ssm.ssm2 - INFO - SSM connection ended.",
    "ssmsend - INFO - SSM has shut down.",
    BREAK,
  ]);
});

test("ssm send leaves a locked message to who locked it, and succeeds", async (site) => {
  await using broker = await TestBroker.start();
  const [locked, free] = await site.drop("locked", "free");
  await Deno.link(
    `${site.outgoing}/${locked}`,
    `${site.outgoing}/${locked}.lck`,
  );
  const config = await site.sender(broker.port);
  assert.deepEqual(await ssm(["send", "-c", config]), SILENT);
  const log = await site.log();
  assert.ok(log.includes(
    `ssm.ssm2 - WARNING - Message was locked. ${locked} will not be sent.`,
  ));
  assert.ok(log.includes(`ssm.ssm2 - INFO - Sent ${free}`));
  assert.deepEqual(await site.waiting(), [locked]);
});

for (const path_type of ["directory", "dirq"]) {
  test(`ssm send logs that its ${path_type} is missing, and succeeds`, async (site) => {
    const path = `${site.dir}/missing`;
    const config = await site.sender(freePort(), {
      messaging: { path, path_type },
    });
    assert.deepEqual(await ssm(["send", "-c", config]), SILENT);
    const log = await site.log();
    assert.ok(
      log.includes(`ssmsend - ERROR - The directory ${path} does not exist.`),
    );
    assert.ok(log.includes("ssmsend - INFO - No messages found to send."));
  });
}

test("ssm send fails when there is no broker, and leaves the messages as they were", async (site) => {
  const names = await site.drop("one", "two");
  const port = freePort();
  const config = await site.sender(port, { broker: { retry_for: 0 } });
  const reason = `Attempts to start the SSM failed: no broker of ` +
    `localhost:${port} can be used: `;
  const { status, stdout, stderr } = await ssm(["send", "-c", config]);
  assert.deepEqual({ status, stdout }, { status: 1, stdout: FAILED });
  assert.ok(stderr.startsWith(`ssm: error: ${reason}`), stderr);
  assert.match(stderr, /refused/);
  const log = await site.log();
  const said = (start: string) => log.filter((line) => line.startsWith(start));
  assert.equal(
    said(`ssm.ssm2 - WARNING - Failed to connect to localhost:${port}: `)
      .length,
    1,
  );
  assert.equal(
    said(`ssmsend - ERROR - SSM failed to complete successfully: ${reason}`)
      .length,
    1,
  );
  assert.deepEqual(log.slice(-3), [
    "ssm.ssm2 - INFO - SSM connection ended.",
    "ssmsend - INFO - SSM has shut down.",
    BREAK,
  ]);
  assert.deepEqual(await site.waiting(), names);
  const files = Array.from(Deno.readDirSync(site.outgoing), ({ name }) => name);
  const left = Array.from(
    Deno.readDirSync(`${site.outgoing}/${files[0]}`),
    ({ name }) => name,
  );
  assert.deepEqual(left.filter((name) => name.endsWith(".lck")), []);
});

test("ssm send sends the others when one message cannot be sent, and fails", async (site) => {
  await using broker = await TestBroker.start();
  const [good, empty, large, last] = await site.drop(
    "good",
    "",
    "x".repeat(2000),
    "last",
  );
  const config = await site.sender(broker.port, {
    messaging: { max_message_size: "1K" },
  });
  const { status, stdout, stderr } = await ssm(["send", "-c", config]);
  assert.deepEqual({ status, stdout }, { status: 1, stdout: FAILED });
  assert.equal(
    stderr,
    "ssm: error: 2 of 4 messages were not sent\n" +
      "ssm: hint: the log says of each one why\n",
  );
  const log = await site.log();
  for (const name of [good, last]) {
    assert.ok(log.includes(`ssm.ssm2 - INFO - Sent ${name}`));
  }
  const whys = {
    [`${empty}`]: "the file is empty",
    [`${large}`]: "it has 2000 bytes",
  };
  for (const [name, why] of Object.entries(whys)) {
    assert.ok(
      log.some((line) =>
        line.startsWith("ssm.ssm2 - ERROR - ") && line.includes(name) &&
        line.includes(why)
      ),
      `${name}: ${why}`,
    );
  }
  assert.deepEqual(await site.waiting(), [empty, large]);
});

test("ssm send stops on SIGTERM, and what was not confirmed stays, unlocked", async (site) => {
  const asked = Promise.withResolvers<void>();
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    if (frame.command === "SEND") asked.resolve();
    else await content(frame, peer);
  });
  const names = await site.drop("one", "two");
  const config = await site.sender(broker.port, {
    broker: { receipt_timeout: 1 },
  });
  await using sender = new Running(ssmCommand(["send", "-c", config]));
  await asked.promise;
  const { status, stdout, stderr } = await sender.stop();
  assert.deepEqual({ status, stdout }, { status: 1, stdout: FAILED });
  assert.match(stderr, /^ssm: error: .*stopped on request\n$/);
  assert.deepEqual(await site.waiting(), names);
  for (const name of names) {
    await assert.rejects(Deno.lstat(`${site.outgoing}/${name}.lck`));
  }
});

test("ssm send shows its progress on a terminal, and nowhere else", async (site) => {
  // The first receipt is late: only a run that takes its time shows progress.
  const answers = () => {
    let late = false;
    return AnsweringBroker.start(async (frame, peer) => {
      if (frame.command === "SEND" && !late) {
        late = true;
        await new Promise((resolve) => setTimeout(resolve, 1100));
      }
      await content(frame, peer);
    });
  };
  await using forTerminal = await answers();
  await using forPipe = await answers();
  await site.drop("one", "two");
  const terminal = await site.sender(forTerminal.port);
  const command = ssmCommand(["send", "-c", terminal]).join(" ");
  await using shown = new Running(["script", "-qefc", command, "/dev/null"]);
  await using other = await site.another();
  await other.drop("one", "two");
  const pipe = await other.sender(forPipe.port);
  const [onTerminal, inPipe] = await Promise.all([
    shown.end(),
    ssm(["send", "-c", pipe]),
  ]);
  assert.deepEqual(inPipe, SILENT);
  assert.equal(onTerminal.status, 0);
  const cleared = "\r\x1b[K";
  assert.ok(onTerminal.stdout.startsWith(`${cleared}sent 1 of 2`));
  assert.ok(onTerminal.stdout.trimEnd().endsWith(cleared.trim()));
});
