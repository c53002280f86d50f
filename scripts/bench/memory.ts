/**
 * The memory of another process, in MB, as Linux counts it.
 *
 * @module
 */

/** Its largest resident memory so far; 0 when it has ended or there is no /proc. */
export function peakMb(pid: number): number {
  return statusMb(pid, /VmHWM:\s+(\d+)/);
}

/** Its resident memory now; 0 when it has ended or there is no /proc. */
export function residentMb(pid: number): number {
  return statusMb(pid, /VmRSS:\s+(\d+)/);
}

/** Lets {@linkcode peakMb} begin anew. */
export function forgetPeak(pid: number): void {
  try {
    Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Without /proc there is no peak either.
  }
}

function statusMb(pid: number, line: RegExp): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(line.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
