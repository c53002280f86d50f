/**
 * The other reader: Python.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Runs a script that reads JSON from standard input and writes JSON to standard output. */
export async function askPython<Answer>(
  script: string,
  question: unknown,
  env: Record<string, string> = {},
): Promise<Answer> {
  const child = new Deno.Command("/usr/bin/python3", {
    args: ["-c", script],
    env: { ...env, PYTHONIOENCODING: "utf-8" },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(question)));
  await writer.close();
  const { success, stdout } = await child.output();
  assert.ok(success);
  return JSON.parse(new TextDecoder().decode(stdout));
}
