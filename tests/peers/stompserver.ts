/**
 * Debian's `stompserver`, written in Ruby in 2006: a broker that knows STOMP 1.0.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { startServer } from "./server_process.ts";

const PROGRAM = fileURLToPath(new URL("stompserver.rb", import.meta.url));

/** A running stompserver, on 127.0.0.1, with its queues in memory. */
export interface Stompserver extends AsyncDisposable {
  readonly port: number;
}

/** Starts one. @param port @default a free one */
export async function startStompserver(port = 0): Promise<Stompserver> {
  const directory = await Deno.makeTempDir({ prefix: "stompserver-" });
  let listening = 0;
  try {
    const server = await startServer("ruby", {
      args: [PROGRAM, String(port), directory],
      ready: (line) => {
        const [, digits] = /^listening on (\d+)$/.exec(line) ?? [];
        if (digits !== undefined) listening = Number(digits);
        return listening !== 0;
      },
    });
    return {
      port: listening,
      async [Symbol.asyncDispose]() {
        await server.stop("SIGKILL");
        await Deno.remove(directory, { recursive: true });
      },
    };
  } catch (error) {
    await Deno.remove(directory, { recursive: true });
    throw error;
  }
}
