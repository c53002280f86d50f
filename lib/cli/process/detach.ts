/**
 * A life in the background, as init scripts expect of `ssmreceive`.
 *
 * @module
 */
import type { CommandContext } from "../command/command.ts";
import { EXIT } from "../command/terminal.ts";
import { selfCommand } from "./self.ts";
import { textLines } from "./text_lines.ts";

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
  const child = new Deno.Command(program, {
    args: rest,
    detached: true,
    env: { [MARK]: "1" },
    // A stop while it is still being waited for is meant for it.
    signal,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const words = Array.fromAsync(textLines(child.stderr));
  let ready = false;
  for await (const line of textLines(child.stdout)) {
    ready = line === READY;
    if (ready) break;
    terminal.out(line);
  }
  if (ready) {
    child.unref();
    return EXIT.ok;
  }
  for (const line of await words) terminal.err(line);
  const { code } = await child.status;
  // Whatever its status: it has not become ready.
  return code || EXIT.failure;
}
