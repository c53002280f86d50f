import assert from "node:assert/strict";
import {
  type Command,
  parseOptions,
} from "../../../../lib/cli/command/command.ts";
import { saying, ssm } from "../../../kit/programs/program.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

test("ssm stomper and ssm printer understand the options of Tcl's, TLS included", async (site) => {
  const { pki } = site;
  const cafile = await site.write("ca.pem", pki.ca.credentials.certificatePem);
  const certificates = (who: typeof pki.ec) => [
    ...["-certfile", who.certificatePath, "-keyfile", who.keyPath],
    ...["-cafile", cafile],
  ];
  await using server = await startBroker(
    ...["-tls", "strict", "-users", "alice:secret"],
    ...certificates(pki.server),
  );
  const common = [
    ...["-port", `${server.port}`, "-host", "localhost", "-tls", "true"],
    ...["-verbose", "0"],
    ...["-user", "alice", "-password", "secret", "-topic", "/queue/a"],
    ...certificates(pki.ec),
  ];
  assert.deepEqual(
    await ssm(["stomper", ...common], { stdin: saying("one\n") }),
    { status: 0, stdout: "", stderr: "" },
  );
  assert.deepEqual(
    await ssm(["printer", ...common, "-type", "text/*", "--count", "1"]),
    { status: 0, stdout: "one\n", stderr: "" },
  );
});

Deno.test("ssm stomper and ssm printer speak no TLS for -tls false", async () => {
  await using server = await startBroker();
  const args = ["-port", `${server.port}`, "-tls", "false", "-topic", "a"];
  const stdin = saying("one\n");
  const { status, stderr } = await ssm(["stomper", ...args], { stdin });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  const { stdout } = await ssm(["printer", ...args, "--count=1"]);
  assert.equal(stdout, "one\n");
});

test("ssm stomper says what is wrong with an option in Tcl's spelling", async (site) => {
  const none = await site.write("none.pem", "nothing");
  const cases: [args: string[], status: number, said: RegExp][] = [
    [["-tls", "maybe"], 2, /Unexpected argument 'maybe'/],
    [["-verbose", "6"], 2, /Unknown option '--verbose'/],
    [["-tls", "true"], 2, /one of --capath, --cafile and --insecure/],
    [["-cafile", none, "-capath", none], 2, /one of --capath, --cafile/],
    [["-certfile", none, "-cafile", none], 2, /--certificate nor --key/],
    [["-cafile", none], 1, /^ssm: error: Cannot use \S+none\.pem": /],
    [["-topc", "a"], 2, /Unknown option '--topc'/],
    [["-password"], 2, /Option '--password <value>' argument missing/],
  ];
  await Promise.all(cases.map(async ([args, status, said]) => {
    const outcome = await ssm(["stomper", "-topic", "a", ...args]);
    assert.match(outcome.stderr, said);
    assert.equal(outcome.status, status, outcome.stderr);
  }));
});

Deno.test("parseOptions() takes a name behind one hyphen for a long option, and short options for what they are", () => {
  const command: Command = {
    name: "x",
    usage: "",
    options: {
      "Options": {
        "-c, --config FILE": "",
        "-d, --dn_file FILE": "",
        "--port N": "",
      },
    },
    notes: "",
    run: () => Promise.resolve(0),
  };
  for (
    const [args, values] of [
      [["-port", "1"], { port: "1" }],
      [["-port=1"], { port: "1" }],
      [["-dn_file", "x"], { "dn-file": "x" }],
      [["-config", "x"], { config: "x" }],
      [["-cx"], { config: "x" }],
      [["-c/onfig"], { config: "/onfig" }],
      [["-d", "x"], { "dn-file": "x" }],
      [["-help", "-version"], { help: true, version: true }],
      [["-hv"], { help: true, version: true }],
      [["--port", "1"], { port: "1" }],
    ] as const
  ) {
    const { operands, ...options } = parseOptions(command, args);
    assert.deepEqual(options, values, args[0]);
    assert.deepEqual(operands, [], args[0]);
  }
  for (
    const [arg, said] of [
      ["-prt", "Unknown option '--prt'"],
      ["-hx", "Unknown option '--hx'"],
      ["-x", "Unknown option '-x'"],
      ["-", "Unexpected argument '-'"],
    ] as const
  ) {
    assert.throws(() => parseOptions(command, [arg]), {
      code: "USAGE",
      message: said,
    });
  }
});
