/**
 * How this program starts itself again, compiled or not.
 *
 * @module
 */

/**
 * The permissions ssm needs, and why; a compiled binary has exactly these.
 * Paths and hosts come from configuration files, so they cannot be narrowed here.
 */
export const PERMISSIONS = [
  // Broker connections; the embedded broker's port.
  "--allow-net",
  // Configuration, certificates, CA directory, spools.
  "--allow-read",
  // Spools, log files, pidfile.
  "--allow-write",
  // `--detach` and the demonstration start this program again.
  "--allow-run",
  // The mark of a process in the background.
  "--allow-env=SSM_DETACHED",
] as const;

/** Program and arguments that run this very ssm with other arguments. */
export function selfCommand(args: readonly string[]): [string, ...string[]] {
  if (Deno.build.standalone) return [Deno.execPath(), ...args];
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    ...PERMISSIONS,
    Deno.mainModule,
    ...args,
  ];
}
