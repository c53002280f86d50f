/**
 * A foreign server as a child process: started, awaited, stopped.
 *
 * @module
 */
import { ObservedProcess } from "../../lib/cli/process/observed_process.ts";

/** How a server is run and how it says that it is ready. */
export interface ServerOptions {
  readonly args: readonly string[];
  /** Its whole environment besides PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Sees every line of output; the server is ready once it has returned true. */
  readonly ready: (line: string) => boolean;
  /** @default "null" */
  readonly stdin?: "null" | "piped";
}

const START_TIMEOUT_MS = 60_000;

/** The most that a failure to start shows of the output. */
const LINES_QUOTED = 60;

/** Starts `command` and waits until it is ready; it is to be stopped by its user. */
export async function startServer(
  command: string,
  { args, env, cwd, ready, stdin = "null" }: ServerOptions,
): Promise<ObservedProcess> {
  const server = new ObservedProcess(command, [command, ...args], {
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", ...env },
    ...(cwd !== undefined && { cwd }),
    stdin,
    linesQuoted: LINES_QUOTED,
  });
  let heard = 0;
  const isReady = () => {
    while (heard < server.lines.length) {
      if (ready(server.lines[heard++]!)) return true;
    }
  };
  try {
    await server.until(isReady, "that it is ready", START_TIMEOUT_MS);
    return server;
  } catch (error) {
    await server.stop("SIGKILL");
    throw error;
  }
}
