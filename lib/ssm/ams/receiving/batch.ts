/**
 * The messages of one pull, and the one acknowledgement there is for them.
 *
 * The service takes one acknowledgement per pull, of all messages up to an offset. So
 * each message is noted when it is safely on disk, and the service is told when all
 * are, or when the time for it runs out: then of those before the first that is not.
 *
 * @module
 */
import type { PulledMessage } from "../../../ams/mod.ts";

/** One message of a pull. */
interface Item {
  readonly message: PulledMessage;
  isSaved: boolean;
}

/** What is pulled and not acknowledged yet. */
export class Batch {
  readonly #items: readonly Item[];
  readonly #acknowledge: (last: PulledMessage) => Promise<void>;
  /** Handed out, neither saved nor abandoned. */
  #underWay = 0;
  #idle = Promise.withResolvers<void>();
  #hurried = false;
  #acknowledgement: Promise<void> | undefined;

  /**
   * @param messages as they were pulled
   * @param isSaved whether a message was saved when it came before
   * @param acknowledge tells the service that all up to this one are saved
   */
  constructor(
    messages: readonly PulledMessage[],
    isSaved: (message: PulledMessage) => boolean,
    acknowledge: (last: PulledMessage) => Promise<void>,
  ) {
    this.#items = inOrder(messages)
      .map((message) => ({ message, isSaved: isSaved(message) }));
    this.#acknowledge = acknowledge;
    this.#idle.resolve();
  }

  /** What is to be saved, in order. */
  get unsaved(): readonly PulledMessage[] {
    return this.#items.filter(({ isSaved }) => !isSaved)
      .map(({ message }) => message);
  }

  /** Settles when nothing that was handed out is under way. */
  get filed(): Promise<void> {
    return this.#idle.promise;
  }

  /** A message goes to whoever saves it. */
  handOut(): void {
    if (this.#underWay++ === 0) this.#idle = Promise.withResolvers();
  }

  /** It is safely on disk. */
  saved(message: PulledMessage): void {
    const item = this.#items.find((item) => item.message === message);
    if (item) item.isSaved = true;
    this.#settled();
  }

  /** It is not. */
  abandoned(): void {
    this.#settled();
  }

  /** The time runs out: from now on, whatever can be acknowledged is. */
  hurry(): void {
    this.#hurried = true;
    this.#acknowledgeInHurry();
  }

  /**
   * Acknowledges what is saved, up to the first that is not; of one pull only once.
   *
   * @throws {SsmError} when the service did not take it
   */
  async acknowledge(): Promise<void> {
    const end = this.#items.findIndex(({ isSaved }) => !isSaved);
    const last = this.#items.at(end === -1 ? -1 : end - 1);
    if (end === 0 || last === undefined) return;
    await (this.#acknowledgement ??= this.#acknowledge(last.message));
  }

  #settled(): void {
    if (--this.#underWay === 0) this.#idle.resolve();
    if (this.#hurried) this.#acknowledgeInHurry();
  }

  #acknowledgeInHurry(): void {
    // Who acknowledges in the end is told of the failure.
    this.acknowledge().catch(() => {});
  }
}

/** By offset, where all have one: an acknowledgement speaks of offsets. */
function inOrder(messages: readonly PulledMessage[]): readonly PulledMessage[] {
  const offsets = messages.map(({ offset }) => offset);
  if (offsets.includes(undefined)) return messages;
  return messages.toSorted((a, b) =>
    a.offset! < b.offset! ? -1 : a.offset! > b.offset! ? 1 : 0
  );
}
