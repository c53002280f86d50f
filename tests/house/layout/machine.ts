/**
 * Which part of the machine each door of the runtime leads to.
 *
 * A door that is not listed here is refused by the layout test until somebody
 * has decided where it leads.
 *
 * @module
 */

/** What a room can be allowed to touch. */
export type Machine =
  | "network"
  | "disk"
  /** Arguments, environment, signals, child processes, exit. */
  | "process"
  /** Standard input, output and error. */
  | "terminal"
  /** The time, and being called later. What runs after the present work is not late. */
  | "clock";

/** Members of `Deno`, without a final `Sync`. */
export const MACHINE_OF_DENO: ReadonlyMap<string, Machine | "nothing"> = table({
  network: `connect connectTls listen listenTls listenDatagram startTls serve
      resolveDns createHttpClient upgradeWebSocket Conn TcpConn TlsConn
      Listener`,
  disk: `open create readFile readTextFile writeFile writeTextFile readDir
      readLink stat lstat mkdir makeTempDir makeTempFile remove rename link
      symlink chmod chown utime truncate copyFile realPath watchFs umask FsFile
      FileInfo DirEntry FsWatcher openKv`,
  process: `args env exit exitCode addSignalListener removeSignalListener
      Signal Command CommandOptions ChildProcess CommandOutput CommandStatus
      spawn spawnAndWait kill cwd chdir execPath mainModule pid ppid uid gid hostname
      osRelease osUptime loadavg networkInterfaces systemMemoryInfo memoryUsage
      permissions dlopen version`,
  terminal: `stdin stdout stderr isatty consoleSize`,
  nothing: `errors build inspect`,
});

/** Modules of Node. */
export const MACHINE_OF_NODE: ReadonlyMap<string, Machine | "nothing"> = table({
  network: `node:net node:tls node:dns node:dns/promises node:dgram node:http
      node:https node:http2`,
  disk: `node:fs node:fs/promises node:sqlite`,
  process: `node:process node:child_process node:os node:worker_threads
      node:cluster`,
  terminal: `node:readline node:readline/promises node:tty`,
  nothing: `node:assert node:assert/strict node:buffer node:crypto node:events
      node:path node:stream node:url node:util node:zlib`,
  clock: `node:timers node:timers/promises node:perf_hooks`,
});

/** Names that those modules export and that reach nothing. */
export const HARMLESS_NAMES: ReadonlySet<string> = new Set([
  "isIP",
  "isIPv4",
  "isIPv6",
  // Lets other work go first, whatever the time.
  "setImmediate",
]);

function table(
  rows: Readonly<Partial<Record<Machine | "nothing", string>>>,
): Map<string, Machine | "nothing"> {
  const map = new Map<string, Machine | "nothing">();
  for (const [machine, names] of Object.entries(rows)) {
    for (const name of names.split(/\s+/)) {
      map.set(name, machine as Machine | "nothing");
    }
  }
  return map;
}
