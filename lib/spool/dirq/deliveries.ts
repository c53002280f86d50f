/**
 * The way of elements from `temporary` into the queue, each message once.
 *
 * An element is written into `temporary`, synced, and only then gets the name
 * `<digest of the key>.<token>` there: it is staged. Then the token is entered in
 * the {@linkcode Ledger}, synced: this is the commit. Then the element is renamed
 * into the queue. Why a message is neither lost nor doubled, wherever a process is
 * killed and however many deliver it at the same time:
 *
 * - There is at most one ledger entry for a key, so at most one token.
 * - A staged element is complete and durable. The one that the ledger names leaves
 *   `temporary` in one way only, by a rename into the queue, which succeeds once.
 *   No other is ever renamed into the queue.
 * - So a message is delivered when it has an entry and the element of that token
 *   is not staged; and every process that finds an entry, at the next delivery or in
 *   `tidy`, makes it durable and does the rename if that is still to be done.
 * - An element that is not named is removed by its writer, or once another one is
 *   named. If its writer is dead, `tidy` commits it: it is as good as any.
 *
 * What was signed is delivered once, too, whatever its keys are. The token names the
 * mark of the signing. Just before the commit the token is entered as that mark:
 *
 * - There is at most one token for a mark, and none is committed that is not its
 *   mark's. So of all elements from one signing one is committed at most.
 * - An element that its mark names is not removed before there is an entry for its
 *   key. So it is staged or its message is delivered; and every process that
 *   finds a mark commits its element if that is still to be done.
 *
 * @module
 */
import { PerKey } from "../disk/per_key.ts";
import { Ledger } from "../memory/ledger.ts";
import { Signings, type SigningsOptions } from "../memory/signings.ts";
import { Order, type Turn } from "../order.ts";
import type { Signing } from "../spool.ts";
import type { ElementTree } from "./element_tree.ts";
import { markIn, type Staged, type Staging } from "./staging.ts";

/** From where to where. */
export interface DeliveryPlaces {
  readonly staging: Staging;
  readonly tree: ElementTree;
  /** The directory of the memory. */
  readonly ledger: string;
}

/** Delivers staged elements. */
export class Deliveries {
  readonly #staging: Staging;
  readonly #tree: ElementTree;
  readonly #ledger: Ledger;
  readonly #signings: Signings;
  /** So that this process never races with itself. */
  readonly #perKey = new PerKey();
  readonly #order = new Order();
  /** The commits of this process that are under way, by their marks. */
  readonly #committing = new Map<string, Promise<void>>();

  constructor(
    { staging, tree, ledger }: DeliveryPlaces,
    options: SigningsOptions,
  ) {
    this.#staging = staging;
    this.#tree = tree;
    this.#ledger = new Ledger(ledger, {
      ...options,
      digits: 64,
      settle: (digest, token) => this.#publish({ digest, token }),
    });
    this.#signings = new Signings(ledger, options);
  }

  /** Makes the directory of the memory. */
  open(): void {
    this.#ledger.open();
  }

  /** Why a message of this key and signing, if it is not known, is to be taken for a replay. */
  doubt(digest: string, signing: Signing): string | undefined {
    const isKnown = this.#ledger.read(digest) !== undefined ||
      this.#signings.marks.read(Signings.markOf(signing)) !== undefined;
    return isKnown ? undefined : this.#signings.admit(signing);
  }

  /** Whether the message of an element that is to be written is delivered; from this signing, at least. */
  async has(
    { digest, token }: Staged,
    signing: Signing | undefined,
  ): Promise<boolean> {
    await this.#ledger.trim();
    const holder = await this.#perKey.run(
      digest,
      () => this.#findDelivered(digest),
    );
    if (!signing) return holder !== undefined;
    await this.#signings.marks.trim();
    if (holder === undefined) return await this.#isMarked(markIn(token)!);
    // Signed again by a sender that did not hear of the first delivery: once more
    // from this signing, under another key, would be once too often.
    await this.#signings.remember(signing, holder);
    return true;
  }

  /** The token of the message with this key, which is made visible if it is not yet. */
  async #findDelivered(digest: string): Promise<string | undefined> {
    const token = await this.#ledger.find(digest);
    if (token !== undefined) await this.#publish({ digest, token });
    return token;
  }

  /** Whether something was delivered from the signing with this mark, or is now. */
  async #isMarked(mark: string): Promise<boolean> {
    // A commit of this process that is under way is left to end first. What waits here
    // holds no key and has passed its turn on, so nothing waits for it.
    await this.#committing.get(mark);
    const token = await this.#signings.marks.find(mark);
    if (token === undefined) return false;
    const staged = this.#staging.find(token);
    if (staged) {
      await this.#ledger.enter(staged.digest, token);
      if (await this.#findDelivered(staged.digest) !== token) {
        await this.#staging.remove(staged);
      }
    }
    return true;
  }

  /** Delivers a staged element, unless another one of its key or its signing is delivered. */
  async commit(staged: Staged): Promise<string | undefined> {
    const { digest, token } = staged;
    const turn = this.#order.take();
    const ended = Promise.withResolvers<void>();
    const mark = markIn(token);
    try {
      // At once, so that of several from one signing the first call has it, and a
      // commit only ever waits for the end of an earlier one.
      if (mark !== undefined && this.#staging.has(staged)) {
        if (this.#signings.marks.claim(mark, token) !== token) {
          turn.pass();
          await this.#isMarked(mark);
          await this.#staging.remove(staged);
          return undefined;
        }
        this.#committing.set(mark, ended.promise);
      }
      return await this.#perKey.run(digest, () => this.#enter(staged, turn));
    } catch (error) {
      await this.abandon(staged);
      throw error;
    } finally {
      turn.pass();
      ended.resolve();
      if (mark !== undefined && this.#committing.get(mark) === ended.promise) {
        this.#committing.delete(mark);
      }
    }
  }

  /** Enters a staged element, and makes visible what is entered for its key. */
  async #enter(
    staged: Staged,
    { before, pass }: Turn,
  ): Promise<string | undefined> {
    const { digest, token } = staged;
    await this.#checkStaged(staged);
    // Its mark is in the same directory, and durable with the entry.
    const holder = await this.#ledger.enter(digest, token);
    await before;
    const published = this.#publish({ digest, token: holder });
    pass();
    const name = await published;
    if (holder !== token) await this.#staging.remove(staged);
    return name;
  }

  /** A missing element may be entered only if it was already: then somebody delivered it. */
  async #checkStaged(staged: Staged): Promise<void> {
    if (this.#staging.has(staged)) return;
    if (await this.#ledger.find(staged.digest) !== undefined) return;
    throw new Error("What was prepared has disappeared");
  }

  /** Moves a staged element into the queue; `undefined` when it is not staged any more. */
  #publish(staged: Staged): Promise<string | undefined> {
    return this.#tree.place(this.#staging.pathOf(staged));
  }

  /** Removes what a failure left, unless the memory names it. What cannot go now is for `tidy`. */
  async abandon(staged: Staged): Promise<void> {
    const { digest, token } = staged;
    try {
      const mark = markIn(token);
      const holder = await this.#ledger.find(digest) ??
        (mark && this.#signings.marks.read(mark));
      if (holder !== token) await this.#staging.remove(staged);
    } catch {
      // The failure that led here is the one to be told.
    }
  }
}
