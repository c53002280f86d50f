/**
 * When a store commits what waits: as soon as may be, or as late as may be.
 *
 * @module
 */

/** Calls for commits. */
export class CommitTimer {
  readonly #commit: () => boolean;
  #due: ReturnType<typeof setImmediate> | undefined;
  /** Commits of what is in no hurry, by how long that may wait. */
  readonly #later = new Map<number, ReturnType<typeof setTimeout>>();

  /** @param commit commits what waits, if anything does; tells whether more is to be committed at once */
  constructor(commit: () => boolean) {
    this.#commit = commit;
  }

  /**
   * Commits as soon as everything that came in along with this was looked at:
   * so the more is going on, the more shares one sync of the disk.
   */
  soon(): void {
    this.#due ??= setImmediate(() => {
      this.#due = undefined;
      if (this.#commit()) this.soon();
    });
  }

  /** As {@linkcode soon}, but not before something else needs it or the time is up. */
  within(ms: number): void {
    if (this.#later.has(ms)) return;
    const timer = setTimeout(() => {
      this.#later.delete(ms);
      this.soon();
    }, ms);
    this.#later.set(ms, timer);
  }

  /** Calls for no more. */
  stop(): void {
    clearImmediate(this.#due);
    for (const timer of this.#later.values()) clearTimeout(timer);
  }
}
