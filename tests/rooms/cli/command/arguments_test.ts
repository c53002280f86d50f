import assert from "node:assert/strict";
import { RUNTIME_OPTIONS } from "../../../../lib/cli/process/self.ts";
import { VERSION } from "../../../../lib/version.ts";
import { type Outcome, ssm } from "../../../kit/programs/program.ts";

/** The program gave this status, and said that on standard error; nothing else. */
async function refuses(
  args: string[],
  said: string,
  status = 2,
): Promise<void> {
  assert.deepEqual(await ssm(args), { status, stdout: "", stderr: said });
}

function succeeded({ status, stderr, stdout }: Outcome): string {
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  return stdout;
}

Deno.test("ssm --version says the version, as do -v and every command", async () => {
  const all = [["--version"], ["-v"], ["send", "-v"], ["receive", "--version"]];
  for (const outcome of await Promise.all(all.map((args) => ssm(args)))) {
    assert.equal(succeeded(outcome), `SSM ${VERSION}\n`);
  }
});

async function project(): Promise<
  { version: string; tasks: Record<string, string> }
> {
  const path = new URL("../../../../deno.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(path));
}

Deno.test("the version of the program is the version of the project", async () => {
  assert.equal(VERSION, (await project()).version);
});

Deno.test("the tasks of the project run the program with its permissions, and no others", async () => {
  const { tasks } = await project();
  const command = `deno run ${RUNTIME_OPTIONS.join(" ")} main.ts`;
  assert.equal(tasks["ssm"], command);
  assert.equal(tasks["demo"], `${command} demo`);
});

Deno.test("ssm --help lists the commands, with examples", async () => {
  const help = succeeded(await ssm(["--help"]));
  for (
    const command of [
      "send",
      "receive",
      "broker",
      "stomper",
      "printer",
      "demo",
    ]
  ) {
    assert.match(help, new RegExp(`^  ${command} +\\w`, "m"));
  }
  assert.match(help, /^Usage: ssm --config FILE$/m);
  assert.ok(help.includes("\nExamples:\n  ssm demo"));
});

Deno.test("ssm COMMAND --help tells about that command, with examples", async () => {
  const options = {
    send: [
      "-c, --config FILE +default: /etc/apel/sender.cfg$",
      "-l, --log_config",
      "-h, --help",
      "-v, --version",
    ],
    receive: [
      "-c, --config FILE +default: /etc/apel/receiver.cfg$",
      "-d, --dn_file",
      "-l, --log_config",
      "--detach",
    ],
    broker: ["-c, --config", "--port", "--tls", "--users"],
    stomper: ["--topic", "--file", "--receipt", "--host", "--capath"],
    printer: ["--topic", "--type", "--count", "--json", "--host", "--capath"],
    demo: [],
  };
  await Promise.all(
    Object.entries(options).map(async ([command, names]) => {
      const help = succeeded(await ssm([command, "--help"]));
      assert.ok(help.startsWith(`Usage: ssm ${command}`), help);
      for (const name of names) {
        assert.match(help, new RegExp(`^ +${name}`, "m"));
      }
      assert.match(help, new RegExp(`^Examples:\n  ssm ${command}`, "m"));
    }),
  );
});

Deno.test("ssm without arguments shows the help and fails", async () => {
  const [bare, help] = await Promise.all([ssm([]), ssm(["-h"])]);
  assert.deepEqual(bare, { ...help, status: 2 });
});

Deno.test("ssm refuses what it does not know, with a hint", async () => {
  await Promise.all([
    refuses(
      ["sned"],
      'ssm: error: Unknown command "sned"\n' +
        "ssm: hint: the commands are send, receive, ssm1, check, status, verify, broker, stomper, printer, demo, reject, outgoing\n",
    ),
    refuses(
      ["send", "--cofnig", "x"],
      "ssm: error: Unknown option '--cofnig'\n" +
        "ssm: hint: see: ssm send --help\n",
    ),
    refuses(
      ["--port", "0"],
      "ssm: error: Unknown option '--port'\n" +
        "ssm: hint: see: ssm --help\n",
    ),
    refuses(
      ["receive", "stray"],
      "ssm: error: Unexpected argument 'stray'\n" +
        "ssm: hint: see: ssm receive --help\n",
    ),
    refuses(
      ["receive", "-c"],
      "ssm: error: Option '-c, --config <value>' argument missing\n" +
        "ssm: hint: see: ssm receive --help\n",
    ),
    refuses(
      ["--detach"],
      "ssm: error: Nothing to do: no --config and no command\n" +
        "ssm: hint: see: ssm --help\n",
    ),
  ]);
});

Deno.test("ssm escapes what drives a terminal in what it was given", () =>
  refuses(
    ["\x1b[2Jsend\x07"],
    'ssm: error: Unknown command "\\x1b[2Jsend\\x07"\n' +
      "ssm: hint: the commands are send, receive, ssm1, check, status, verify, broker, stomper, printer, demo, reject, outgoing\n",
  ));

Deno.test("ssm says on standard output that there is no such configuration file", async () => {
  const missing = "/nowhere/sender.cfg";
  const all = [
    ["--config", missing],
    ["send", "-c", missing],
    ["receive", `--config=${missing}`],
    ["broker", "-c", missing],
  ];
  for (const outcome of await Promise.all(all.map((args) => ssm(args)))) {
    assert.deepEqual(outcome, {
      status: 1,
      stdout: `Config file not found at ${missing}\n`,
      stderr: "",
    });
  }
});
