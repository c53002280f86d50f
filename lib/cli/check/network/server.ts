/**
 * The embedded broker: whether its ports are in use.
 *
 * @module
 */
import type { StompserverConfig } from "../../../config/mod.ts";
import { isSsmError } from "../../../errors.ts";
import { dial } from "../../../net/mod.ts";
import { failures, type Finding, ok } from "../finding/finding.ts";

const TIMEOUT_MS = 3000;

/** Looks whether somebody listens; binding the port would keep a broker that starts from it. */
export async function checkServer(
  { host, port, stomp, ams }: StompserverConfig,
  signal: AbortSignal,
): Promise<Finding[]> {
  const ports = [
    ...(stomp ? [{ what: "STOMP", host, port }] : []),
    ...(ams ?? []).map((one) => ({
      what: "AMS",
      host: one.host ?? host,
      port: one.port,
    })),
  ];
  const found: Finding[] = [];
  for (const one of ports) found.push(...await checkPort(one, signal));
  return found;
}

async function checkPort(
  { what, host, port }: { what: string; host: string; port: number },
  signal: AbortSignal,
): Promise<Finding[]> {
  // A port that is any is free.
  if (port === 0) return [];
  const name = `port ${port} for ${what}`;
  try {
    const socket = await dial({
      ...{ host: reachable(host), port, signal },
      connectTimeoutMs: TIMEOUT_MS,
    });
    socket.close();
    return [
      ok(
        "process",
        `somebody listens on ${name}: the broker runs, or another program`,
      ),
    ];
  } catch (error) {
    return isSsmError(error, "CONNECT")
      ? [ok("process", `nobody listens on ${name}: the broker does not run`)]
      : failures("process", error);
  }
}

/** An address at which somebody is reached who listens on all of them. */
function reachable(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
}
