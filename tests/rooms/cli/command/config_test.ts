import assert from "node:assert/strict";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

/** Nobody listens there; with nothing to send nobody asks. */
const NO_PORT = 1;

/** The first line of the log that says what began. */
async function began(site: Site): Promise<string> {
  const [, line = ""] = await site.log();
  return line.replace(/ version .*/, "");
}

test("ssm --config sends with a file that has a section [sender]", async (site) => {
  const config = await site.sender(NO_PORT);
  const outcome = await ssm(["--config", config]);
  assert.deepEqual(outcome, { status: 0, stdout: "", stderr: "" });
  assert.equal(await began(site), "ssmsend - INFO - Starting sending SSM");
});

test("ssm --config sends with a file that has [receiver] as well", async (site) => {
  const config = await site.sender(NO_PORT, {
    receiver: { protocol: "STOMP" },
  });
  assert.equal((await ssm(["-c", config])).status, 0);
  assert.equal(await began(site), "ssmsend - INFO - Starting sending SSM");
});

test("ssm --config receives with a file that has a section [receiver]", async (site) => {
  const config = await site.receiver(NO_PORT);
  await using receiver = new Running(ssmCommand(["--config", config]));
  await receiver.line(/ssmreceive - INFO - Starting receiving SSM version/);
  await receiver.line(/Failed to connect to localhost:1: /);
  assert.equal((await receiver.stop()).status, 0);
});

test("ssm --config is a broker with a file that has a section [stompserver]", async (site) => {
  const config = await site.write("broker.cfg", "[stompserver]\nport = 0\n");
  await using broker = new Running(ssmCommand(["--config", config]));
  await broker.line(/Broker listening on 127\.0\.0\.1:\d+/);
  assert.equal((await broker.stop()).status, 0);
});

test("ssm --config says so when the file names no role", async (site) => {
  const config = await site.sender(NO_PORT, {
    sender: { protocol: undefined },
  });
  assert.deepEqual(await ssm(["--config", config]), {
    status: 1,
    stdout: "",
    stderr: `ssm: error: Cannot tell what to do: ${config} has neither ` +
      "[sender], [receiver], [stompserver] nor [messagedb]\n" +
      `ssm: hint: say it: ssm send -c ${config}, or ssm receive -c ${config}\n`,
  });
});

test("ssm --config refuses the options of a receiver for a sender", async (site) => {
  const config = await site.sender(NO_PORT);
  const outcomes = await Promise.all([
    ssm(["-c", config, "--detach"]),
    ssm(["-c", config, "-d", "dns"]),
  ]);
  for (const { status, stderr } of outcomes) {
    assert.equal(status, 2);
    assert.match(stderr, /The option --(detach|dn-file) is for ssm receive,/);
  }
});

test("No command takes a file that is for another one", async (site) => {
  await site.drop("a message");
  const waiting = await site.waiting();
  const sender = await site.sender(NO_PORT);
  const receiver = await site.receiver(NO_PORT);
  const ams = await site.write("ams.cfg", "[sender]\nprotocol = AMS\n");
  const broker = await site.write("broker.cfg", "[stompserver]\nport = 0\n");
  const ssm1 = await site.write("ssm1.cfg", "[messagedb]\npath = x\n");
  for (
    const [command, path, meant] of [
      ["receive", sender, "send"],
      ["send", receiver, "receive"],
      ["send", broker, "broker"],
      ["receive", ssm1, "ssm1"],
      ["ssm1", sender, "send"],
      ["ssm1", ams, "send"],
      ["receive", ams, "send"],
      ["broker", receiver, "receive"],
    ] as const
  ) {
    assert.deepEqual(await ssm([command, "-c", path]), {
      status: 2,
      stdout: "",
      stderr:
        `ssm: error: The file ${path} is for ssm ${meant}, not for ssm ${command}\n` +
        `ssm: hint: say: ssm ${meant} -c ${path}\n`,
    });
  }
  const detached = await ssm(["receive", "-c", sender, "--detach"]);
  assert.equal(detached.status, 2);
  await assert.rejects(Deno.lstat(site.logfile), Deno.errors.NotFound);
  assert.deepEqual(await site.waiting(), waiting);
});

test("ssm receive works with a file that has [sender] as well", async (site) => {
  const config = await site.receiver(NO_PORT, {
    sender: { protocol: "STOMP" },
  });
  await using receiver = new Running(ssmCommand(["receive", "-c", config]));
  await receiver.line(/Failed to connect to localhost:1: /);
  assert.equal((await receiver.stop()).status, 0);
});

test("ssm shows no password of a line or a value that it does not understand", async (site) => {
  const files = [
    "[broker]\npasscode hunter2\n",
    "[broker]\nhunter2\nhost = x\n".replace("hunter2", "passcode\thunter2"),
    "passcode=hunter2\n",
    "[sender]\n[broker]\nhost = x\npasscode = x%hunter2\n",
    "[sender]\n[broker]\nhost = x\npasscode = x%(hunter2\n",
  ];
  for (const text of files) {
    const config = await site.write("ssm.cfg", text);
    const { status, stdout, stderr } = await ssm(["send", "-c", config]);
    assert.equal(status, 1);
    assert.match(stderr, /^ssm: error: Cannot use .*ssm\.cfg, line \d: /);
    assert.doesNotMatch(stdout + stderr, /unter2/);
  }
});

test("ssm send works with an old file that has no section [sender]", async (site) => {
  const config = await site.sender(NO_PORT, {
    sender: { protocol: undefined },
  });
  const outcome = await ssm(["send", "-c", config]);
  assert.deepEqual(outcome, { status: 0, stdout: "", stderr: "" });
  assert.ok(
    (await site.log()).includes(
      "ssmsend - WARNING - No option set for 'protocol'. Defaulting to STOMP.",
    ),
  );
});

test("ssm receive works with an old file that has no section [receiver], and with --dn_file", async (site) => {
  const config = await site.receiver(NO_PORT, {
    receiver: { protocol: undefined },
    messaging: { dn_file: undefined },
  });
  await using receiver = new Running(
    ssmCommand(["receive", "-c", config, "--dn_file", "dns"]),
    { cwd: site.dir },
  );
  await receiver.line(/WARNING - No option set for 'protocol'. Defaulting/);
  await receiver.line(/Failed to connect to/);
  assert.equal((await receiver.stop()).status, 0);
});

test("ssm warns of -l, which it ignores as the Python programs do", async (site) => {
  const config = await site.sender(NO_PORT);
  assert.equal((await ssm(["send", "-c", config, "-l", "log.cfg"])).status, 0);
  assert.ok(
    (await site.log()).includes(
      "ssmsend - WARNING - Separate logging config file option has been deprecated.",
    ),
  );
});

test("ssm warns in the log of keys it does not know, with line and likely name", async (site) => {
  const config = await site.sender(NO_PORT, {
    messaging: { destinaton: "/queue/other" },
    extra: { a: 1 },
  });
  const lines = (await Deno.readTextFile(config)).split("\n");
  const line = lines.indexOf("destinaton = /queue/other") + 1;
  assert.equal((await ssm(["-c", config])).status, 0);
  const warnings = (await site.log())
    .filter((line) => line.startsWith("ssmsend - WARNING - "));
  assert.deepEqual(warnings, [
    `ssmsend - WARNING - Unknown key "destinaton" in section [messaging] of ${config}, line ${line}: did you mean "destination"?`,
    `ssmsend - WARNING - Unknown section [extra] in ${config}`,
  ]);
});

test("ssm send names file, line, key and allowed values of a bad value", async (site) => {
  const config = await site.sender(NO_PORT, { broker: { port: "ten" } });
  const lines = (await Deno.readTextFile(config)).split("\n");
  const said = `Cannot use "port" in section [broker] of ${config}, line ${
    lines.indexOf("port = ten") + 1
  }: "ten" is not allowed; it must be a whole number from 1 to 65535`;
  assert.deepEqual(await ssm(["-c", config]), {
    status: 1,
    stdout: "SSM failed to complete successfully.  See log file for details.\n",
    stderr: `ssm: error: ${said}\n`,
  });
  assert.ok(
    (await site.log()).includes(
      `ssmsend - ERROR - SSM failed to complete successfully: ${said}`,
    ),
  );
});

test("ssm receive says on all channels which key is missing", async (site) => {
  const config = await site.receiver(NO_PORT, {
    messaging: { destination: undefined },
  });
  const { status, stdout, stderr } = await ssm(["-c", config]);
  const said =
    `Cannot use "destination" in section [messaging] of ${config}: it is missing; it must be the name of a queue or topic such as /queue/name, in ASCII without white space, quotes, #, ;, $, { and }`;
  assert.equal(status, 1);
  assert.ok(
    stdout.endsWith("\nSSM failed to start.  See log file for details.\n"),
  );
  assert.equal(stderr, `ssm: error: ${said}\n`);
  assert.ok(
    (await site.log()).includes(
      `ssmreceive - CRITICAL - Failed to initialise SSM: ${said}`,
    ),
  );
});

test("ssm says in the words of the originals that it cannot log", async (site) => {
  const nowhere = { logfile: `${site.dir}/nowhere/ssm.log` };
  const outcomes = [
    await ssm(["-c", await site.sender(NO_PORT, { logging: nowhere })]),
    await ssm(["-c", await site.receiver(NO_PORT, { logging: nowhere })]),
    await ssm([
      "-c",
      await site.sender(NO_PORT, { logging: { level: "loud" } }),
    ]),
  ];
  for (const { status, stdout, stderr } of outcomes) {
    assert.equal(status, 1);
    assert.match(
      stdout,
      /^Error configuring logging: .+\nThe system will exit\.\n$/,
    );
    assert.match(stderr, /^ssm: error: Cannot (open the log file|use "level")/);
  }
});
