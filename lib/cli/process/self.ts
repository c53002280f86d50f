/**
 * This process: which it is, and how the program starts itself again, compiled or not.
 *
 * @module
 */

/**
 * The permissions ssm needs, and why; a compiled binary has exactly these.
 * Paths and hosts come from configuration files, so they cannot be narrowed here.
 */
const PERMISSIONS = [
  // Broker connections; the embedded broker's port.
  "--allow-net",
  // Configuration, certificates, CA directory, spools.
  "--allow-read",
  // Spools, log files, pidfile.
  "--allow-write",
  // `--detach` and the demonstration start this program again.
  "--allow-run",
  // The mark of a process in the background; variables in a configuration of SSM1.
  "--allow-env",
  // `$host` in a configuration of SSM1; whether it is root that changes a spool.
  "--allow-sys=hostname,uid",
] as const;

/**
 * All that Deno is told about ssm, compiled or not.
 *
 * V8 lets its young generation grow to 96 MB, and the more it has, the later
 * it looks for garbage, whose buffers lie outside of it: a broker under load
 * then takes 250 MB. With 12 MB, three times this option, it takes 160 MB
 * and is as fast.
 */
export const RUNTIME_OPTIONS = [
  ...PERMISSIONS,
  "--v8-flags=--max-semi-space-size=4",
] as const;

/** Program and arguments that run this very ssm with other arguments. */
export function selfCommand(args: readonly string[]): [string, ...string[]] {
  if (Deno.build.standalone) return [Deno.execPath(), ...args];
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    ...RUNTIME_OPTIONS,
    Deno.mainModule,
    ...args,
  ];
}

/** How others are told of this process. */
export function thisProcess(): { pid: number; host: string; since: number } {
  const since = performance.timeOrigin;
  return { pid: Deno.pid, host: Deno.hostname(), since };
}
