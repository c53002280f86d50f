/**
 * Directory entries that survive a power failure.
 *
 * @module
 */

interface Turns {
  /** The sync that runs now, or the last one that ran. */
  running: Promise<void>;
  /** The sync that starts after it: all calls that come meanwhile share it. */
  waiting: Promise<void> | undefined;
}

/**
 * Syncs directories, one sync for all that wait (group commit).
 *
 * A sync covers only what happened before it started, so a caller that comes
 * while one is running shares the next one with all the others.
 */
export class DirectorySyncer {
  readonly #turns = new Map<string, Turns>();

  /** Makes every entry that `directory` has now durable. */
  sync(directory: string): Promise<void> {
    const turns = this.#turns.get(directory);
    if (turns?.waiting !== undefined) return turns.waiting;
    const mine: Turns = turns ??
      { running: Promise.resolve(), waiting: undefined };
    this.#turns.set(directory, mine);
    const sync = settled(mine.running).then(async () => {
      mine.running = sync;
      mine.waiting = undefined;
      try {
        using handle = Deno.openSync(directory);
        await handle.sync();
      } finally {
        if (mine.waiting === undefined) this.#turns.delete(directory);
      }
    });
    mine.waiting = sync;
    return sync;
  }
}

/** Resolves when `promise` is settled either way: its own callers see the error. */
function settled(promise: Promise<void>): Promise<void> {
  return promise.then(() => {}, () => {});
}
