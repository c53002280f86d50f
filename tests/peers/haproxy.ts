/**
 * HAProxy in front of a port.
 *
 * @module
 */
import { freePorts } from "../kit/net/free_port.ts";
import { startServer } from "./server_process.ts";

/** A running proxy, which disposal ends. */
export interface Haproxy extends AsyncDisposable {
  /** Where it listens, in the order of the options of its servers. */
  readonly ports: readonly number[];
}

/**
 * Starts one that passes TCP connections on to a port of this machine.
 *
 * @param servers options of a `server` line, such as `send-proxy`; each gets a port of its own
 */
export async function startHaproxy(
  target: number,
  servers: readonly string[],
): Promise<Haproxy> {
  const ports = freePorts(servers.length);
  const file = await Deno.makeTempFile({ prefix: "haproxy-" });
  const sections = servers.map((options, index) => `
listen proxy${index}
  bind 127.0.0.1:${ports[index]}
  server broker 127.0.0.1:${target} ${options}
`);
  await Deno.writeTextFile(
    file,
    `defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
${sections.join("")}`,
  );
  const server = await startServer("haproxy", {
    args: ["-W", "-db", "-f", file],
    ready: (line) => line.includes("Loading success"),
  });
  return {
    ports,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await Deno.remove(file);
    },
  };
}
