/**
 * Builds the executable: `deno task compile [--all] [--directory DIR]`.
 *
 * `dist/ssm` for this machine; with `--all`, `dist/ssm-TARGET` for every target
 * that Deno compiles for. Deno fetches the base runtime of each; where it
 * cannot, the environment variable DENORT_BIN names a local one for this
 * machine's own target.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { RUNTIME_OPTIONS } from "../lib/cli/process/self.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What `deno compile --target` knows. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      all: { type: "boolean", default: false },
      directory: { type: "string", default: `${ROOT}dist` },
    },
  });
  await Deno.mkdir(values.directory, { recursive: true });
  const shrink = await knownOf(["--bundle", "--minify"]);
  for (const target of values.all ? TARGETS : [Deno.build.target]) {
    const name = (values.all ? `ssm-${target}` : "ssm") +
      (target.includes("windows") ? ".exe" : "");
    const output = resolve(values.directory, name);
    const failure = await compile(target, output, shrink);
    if (failure !== undefined) {
      console.error(failure);
      return 1;
    }
    const { size } = await Deno.stat(output);
    console.log(`${output}: ${target}, ${(size / 1e6).toFixed(1)} MB`);
  }
  return 0;
}

/** Builds one executable; returns what to tell the user if that fails. */
async function compile(
  target: string,
  output: string,
  shrink: readonly string[],
): Promise<string | undefined> {
  const env: Record<string, string> = {
    ...Deno.env.toObject(),
    NO_COLOR: "1",
  };
  // It holds the base runtime of one target only.
  if (target !== Deno.build.target) delete env["DENORT_BIN"];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--no-prompt",
      ...RUNTIME_OPTIONS,
      // Deno keeps the cache under a predictable name in the shared temporary
      // directory and reads it back: another user could plant one there.
      "--no-code-cache",
      ...shrink,
      "--target",
      target,
      "--output",
      output,
      "main.ts",
    ],
    cwd: ROOT,
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "null",
  }).output();
  return success ? undefined : explain(new TextDecoder().decode(stderr));
}

/** One line for what can be helped without knowing Deno; its own words otherwise. */
function explain(words: string): string {
  const missing = /Could not find denort at '(.*)'/.exec(words);
  if (missing) {
    return `compile: error: there is no base runtime at ${missing[1]}: ` +
      "set DENORT_BIN to an existing one, or unset it to have Deno fetch it";
  }
  const request = /error sending request for url \((.*?)\): (.*)/.exec(words);
  if (request) {
    return `compile: error: Deno cannot fetch ${request[1]} (${request[2]}): ` +
      "build where it can be reached" +
      (request[1]!.includes("/denort-")
        ? `, or set DENORT_BIN to a local base runtime of Deno ${Deno.version.deno} for this machine`
        : "");
  }
  return words;
}

/** Those of `options` that this Deno's compile knows. */
async function knownOf(options: readonly string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", "--help"],
    env: { NO_COLOR: "1" },
  }).output();
  const help = new TextDecoder().decode(stdout);
  return options.filter((option) => help.includes(`${option} `));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
