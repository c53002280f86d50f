/**
 * Death at a chosen moment, from within the process that dies.
 *
 * @module
 */

/** When a process is to die; without anything it lives. */
export interface DeathOrder {
  /** At this mark of its walk… */
  readonly mark?: string;
  /** …when it comes there for the so-manieth time. */
  readonly times?: number;
  /** At the so-manieth mark of whatever kind. */
  readonly step?: number;
}

/** Is told of every mark that the process reaches, and kills it at the ordered one. */
export class OrderedDeath {
  readonly #order: DeathOrder;
  #times = 0;
  #steps = 0;

  constructor(order: DeathOrder) {
    this.#order = order;
  }

  /** The process is at this mark: the end of it, if so ordered. */
  reach(mark: string): void {
    if (this.isDue(mark)) this.kill(mark);
  }

  /** Counts the mark; whether it is the ordered one. */
  isDue(mark: string): boolean {
    const { mark: wanted, times, step } = this.#order;
    this.#steps++;
    if (mark === wanted) this.#times++;
    return step === this.#steps || (mark === wanted && times === this.#times);
  }

  /** As a power cut does it: nothing is finished, flushed, or said goodbye to. */
  kill(mark: string): void {
    Deno.stdout.writeSync(new TextEncoder().encode(`\nreached: ${mark}\n`));
    Deno.kill(Deno.pid, "SIGKILL");
  }
}

/** The mark at which a process says to have died. */
export function markReached(stdout: string): string | undefined {
  return /^reached: (.*)$/m.exec(stdout)?.[1];
}
