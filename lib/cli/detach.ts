/**
 * A life in the background, as init scripts expect of `ssmreceive`.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { CommandContext } from "./command.ts";
import { EXIT } from "./exit.ts";
import { selfCommand } from "./self.ts";

/** Tells the process that it is the detached one, and to say when it is ready. */
const MARK = "SSM_DETACHED";
const READY = "ready";

/** True in the process that was started by {@linkcode startDetached}. */
export function isDetached(): boolean {
  return Deno.env.get(MARK) === "1";
}

/** Tells the process that waits in the foreground that all is well. */
export function sayReady(): void {
  if (isDetached()) console.log(READY);
}

/**
 * Starts this program again, in a session of its own, and waits until it is
 * ready or has ended. What it says until then is said here, too.
 *
 * @returns the exit status: 0 when it is ready; another when it has ended.
 */
export async function startDetached(
  args: readonly string[],
  { terminal, signal }: Pick<CommandContext, "terminal" | "signal">,
): Promise<number> {
  const [program, ...rest] = selfCommand(args);
  const child = spawn(program, rest, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...Deno.env.toObject(), [MARK]: "1" },
  });
  const stop = () => child.kill("SIGTERM");
  signal.addEventListener("abort", stop);
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8");
  child.stderr.setEncoding("utf8");
  const status = await new Promise<number>((resolve, reject) => {
    child.stderr.on("data", (text) => said.err += text);
    child.stdout.on("data", (text) => {
      said.out += text;
      if (lines(said.out).includes(READY)) resolve(EXIT.ok);
    });
    child.on("error", reject);
    // Whatever its status: it has not become ready.
    child.on("close", (code) => resolve(code || EXIT.failure));
  });
  signal.removeEventListener("abort", stop);
  for (const line of lines(said.out)) if (line !== READY) terminal.out(line);
  for (const line of lines(said.err)) terminal.err(line);
  if (status !== EXIT.ok && said.err === "") {
    terminal.err("ssm: error: The background process ended without a word");
  }
  child.unref();
  child.stdout.destroy();
  child.stderr.destroy();
  return status;
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
