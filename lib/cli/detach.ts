/**
 * A life in the background, as init scripts expect of `ssmreceive`.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { SsmError } from "../errors.ts";
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
 * Starts this program again, in a session of its own, and waits until it is ready.
 *
 * @throws {SsmError} `CONFIG` with its last words when it ends before.
 */
export async function startDetached(args: readonly string[]): Promise<void> {
  const [program, ...rest] = selfCommand(args);
  const child = spawn(program, rest, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...Deno.env.toObject(), [MARK]: "1" },
  });
  const words: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk) => words.push(String(chunk)));
    child.stdout.on("data", (chunk) => {
      if (String(chunk).includes(READY)) resolve();
      else words.push(String(chunk));
    });
    child.on("error", reject);
    child.on("close", () =>
      reject(
        new SsmError(
          "CONFIG",
          `Cannot start in the background: ${
            words.join(" ").trim() || "the process ended at once"
          }`,
        ),
      ));
  });
  child.unref();
  child.stdout.destroy();
  child.stderr.destroy();
}
