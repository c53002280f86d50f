import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testWith } from "../peers/parts.ts";

const SCRIPT = fileURLToPath(
  new URL("../../scripts/compile.ts", import.meta.url),
);

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Result> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

function compile(
  directory: string,
  env: Record<string, string> = {},
): Promise<Result> {
  const script = ["run", "--quiet", "-A", SCRIPT];
  return run(Deno.execPath(), [...script, "--directory", directory], env);
}

async function inTempDir(
  work: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "compile-" });
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

testWith(
  ["denort"],
  "the compiled program says its version and passes its demonstration",
  () =>
    inTempDir(async (directory) => {
      const built = await compile(directory);
      assert.equal(built.code, 0, built.stderr);
      const ssm = `${directory}/ssm`;
      const version = await run(ssm, ["--version"]);
      assert.match(version.stdout, /^SSM \d+\.\d+\.\d+\n$/);
      const demo = await run(ssm, ["demo"]);
      assert.equal(demo.code, 0, demo.stdout + demo.stderr);
    }),
);

Deno.test("compile says in one line that what it needs cannot be fetched", () =>
  inTempDir(async (directory) => {
    const { code, stderr } = await compile(directory, {
      // Nothing cached and nobody to ask: the discard port refuses.
      DENO_DIR: `${directory}/cache`,
      HTTPS_PROXY: "http://127.0.0.1:9",
      DENORT_BIN: "",
    });
    assert.match(
      stderr,
      /^compile: error: Deno cannot fetch https:\S+ \(.+\): build where it can be reached.*\n$/,
    );
    assert.equal(code, 1);
  }));
