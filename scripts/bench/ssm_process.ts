/**
 * The real program as a process that is watched while it works.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { RUNTIME_OPTIONS } from "../../lib/cli/process/self.ts";
import { peakMb } from "./memory.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** What was seen of a process. */
export interface Watched {
  readonly seconds: number;
  /** Largest resident memory, in MB. */
  readonly peakMb: number;
}

/** Runs ssm to its end. */
export async function runSsm(args: readonly string[]): Promise<Watched> {
  const started = performance.now();
  const child = spawn(args, "null");
  const watch = watchMemory(child.pid);
  const { code } = await child.status;
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`ssm ${args.join(" ")} ended with ${code}`);
  return { seconds, peakMb: watch.stop() };
}

/** Runs a receiver until it has filed `count` messages; the time is from the first to the last. */
export async function receiveSsm(
  config: string,
  count: number,
): Promise<Watched> {
  const child = spawn(["--config", config], "piped");
  const watch = watchMemory(child.pid);
  let filed = 0;
  let first = 0;
  let rest = "";
  try {
    const lines = child.stdout.pipeThrough(new TextDecoderStream());
    for await (const text of lines) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        if (/[Ss]ubscrib(e|ing) to: /.test(line)) first = performance.now();
        if (line.includes("Message saved to incoming")) filed++;
      }
      if (filed >= count) break;
    }
    const seconds = (performance.now() - first) / 1000;
    return { seconds, peakMb: watch.stop() };
  } finally {
    watch.stop();
    child.kill("SIGTERM");
    await child.status;
  }
}

/** From the start of the process to its first log line, in seconds. */
export async function startSsm(config: string): Promise<Watched> {
  const started = performance.now();
  const child = spawn(["--config", config], "piped");
  const watch = watchMemory(child.pid);
  const reader = child.stdout.getReader();
  await reader.read();
  const seconds = (performance.now() - started) / 1000;
  await reader.cancel();
  child.kill("SIGTERM");
  await child.status;
  return { seconds, peakMb: watch.stop() };
}

/** The arguments with which Deno runs ssm. */
export function ssmArguments(args: readonly string[]): string[] {
  return ["run", "--quiet", ...RUNTIME_OPTIONS, MAIN, ...args];
}

function spawn(args: readonly string[], stdout: "piped" | "null") {
  return new Deno.Command(Deno.execPath(), {
    args: ssmArguments(args),
    stdin: "null",
    stdout,
    stderr: "inherit",
  }).spawn();
}

/** Polls the kernel's own high-water mark, for it goes with the process. */
function watchMemory(pid: number): { stop(): number } {
  let peak = 0;
  const look = () => peak = Math.max(peak, peakMb(pid));
  const timer = setInterval(look, 20);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return peak;
    },
  };
}
