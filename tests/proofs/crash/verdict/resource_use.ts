/**
 * What a process costs the machine, as Linux counts it.
 *
 * @module
 */

/** At one moment. */
export interface ResourceUse {
  /** Resident memory, in MB. */
  readonly mb: number;
  /** Open file descriptors. */
  readonly files: number;
}

/** Of the process of that number; `undefined` when it has ended. Reading it takes all of Deno's permissions. */
export function resourceUseOf(pid: number): ResourceUse | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const kb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
    const files = Array.from(Deno.readDirSync(`/proc/${pid}/fd`)).length;
    return { mb: Math.round(kb / 1024), files };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** What one process used over its life. */
export class ResourceSamples {
  readonly #samples: ResourceUse[] = [];

  /** Takes one more. */
  add(use: ResourceUse | undefined): void {
    if (use) this.#samples.push(use);
  }

  /** The first, and the median of the second and of the last quarter. */
  get summary():
    | { start: ResourceUse; warm: ResourceUse; end: ResourceUse }
    | undefined {
    const samples = this.#samples;
    const [start] = samples;
    const quarter = Math.floor(samples.length / 4);
    if (start === undefined || quarter === 0) return undefined;
    return {
      start,
      warm: median(samples.slice(quarter, 2 * quarter)),
      end: median(samples.slice(-quarter)),
    };
  }
}

/**
 * Whether it took more and more: beyond what a garbage collector may leave
 * lying about, a third and 16 MB, and a connection more or less.
 */
export function hasGrown(warm: ResourceUse, end: ResourceUse): boolean {
  return end.mb > warm.mb * 4 / 3 + 16 || end.files > warm.files + 4;
}

function median(samples: readonly ResourceUse[]): ResourceUse {
  const middle = (values: number[]) =>
    values.sort((a, b) => a - b)[values.length >> 1]!;
  return {
    mb: middle(samples.map(({ mb }) => mb)),
    files: middle(samples.map(({ files }) => files)),
  };
}
