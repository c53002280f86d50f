/**
 * Ports for servers that cannot pick one themselves.
 *
 * @module
 */

/**
 * A loopback port that nobody listens on at this moment. Only for programs
 * that must be told a number; everything else listens on port 0.
 */
export function freePort(): number {
  return freePorts(1)[0]!;
}

/** `count` different free loopback ports. */
export function freePorts(count: number): number[] {
  // All are held until all are known: the system gives no number twice.
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}
