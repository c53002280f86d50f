/**
 * Runs the tests: `deno task test [PATH…] [any option of deno test]`.
 *
 * The last line is `N passed, N failed` and, if there are any, `, N skipped`.
 * Before it stand Deno's own summary and, one line each, the parts of the
 * machine that were missing and how to get them. With `SSM_TEST_STRICT=1` in
 * the environment a skipped test counts as failed.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { missingParts, PARTS } from "./peers/parts.ts";
import { type Tally, TallyReader } from "./house/tally.ts";
import { textLines } from "../lib/cli/process/text_lines.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What the tests may do: no network but this machine, no FFI, no code from elsewhere. */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-net=127.0.0.0/8,[::1],localhost",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env",
  "--allow-sys=uid,hostname",
];

async function main(args: readonly string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      ...PERMISSIONS,
      "--parallel",
      // What a test starts or opens it must also end and close.
      "--sanitize-ops",
      "--sanitize-resources",
      ...args,
      ...(args.some(isPath) ? [] : ["tests"]),
    ],
    cwd: ROOT,
    env: Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: "1" } : {},
    stdin: "null",
    stdout: "piped",
  }).spawn();
  using _ = endWith(child);
  const reader = new TallyReader();
  const [shown, read] = child.stdout.tee();
  const showing = shown.pipeTo(Deno.stdout.writable, { preventClose: true });
  for await (const line of textLines(read)) reader.read(line);
  await showing;
  const tally = reader.tally((await child.status).success);
  return report(tally, Deno.env.get("SSM_TEST_STRICT") === "1");
}

/** A run that takes this long hangs. */
const LIMIT_MS = 30 * 60_000;

/** Ends the child when this process is asked to end, or the limit is reached. */
function endWith(child: Deno.ChildProcess): Disposable {
  const end = () => child.kill("SIGTERM");
  const timer = setTimeout(() => {
    console.log(`the tests did not end within ${LIMIT_MS / 60_000} minutes`);
    end();
  }, LIMIT_MS);
  Deno.addSignalListener("SIGTERM", end);
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      Deno.removeSignalListener("SIGTERM", end);
    },
  };
}

function isPath(argument: string): boolean {
  try {
    Deno.statSync(argument);
    return true;
  } catch {
    return false;
  }
}

/** Says what could not run and the counts; returns the exit status. */
function report(tally: Tally, strict: boolean): number {
  for (const [part, count] of tally.wanting) {
    const { what, enable } = PARTS[part];
    console.log(`skipped ${count}: what needs ${what} (${enable})`);
  }
  for (const part of missingParts()) {
    const { what, enable, optional } = PARTS[part];
    if (!optional) continue;
    console.log(`not run, not counted: what needs ${what} (${enable})`);
  }
  if (strict && tally.skipped > 0) {
    console.log("a skipped test counts as failed here (SSM_TEST_STRICT=1)");
  }
  const failed = tally.failed + (strict ? tally.skipped : 0);
  const skipped = strict ? 0 : tally.skipped;
  console.log(tally.summary ?? "FAILED | Deno could not run the tests");
  console.log(
    `${tally.passed} passed, ${failed} failed` +
      (skipped > 0 ? `, ${skipped} skipped` : ""),
  );
  return failed > 0 ? 1 : 0;
}

Deno.exit(await main(Deno.args));
