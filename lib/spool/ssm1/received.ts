/**
 * What was received by SSM1 and may come again: the entries, and what they name.
 *
 * A message is staged first: under hidden names, complete and durable, together with
 * a ticket, `ack/.tmp-<id>`. Then the ticket is linked to `ack/<MD5>`, synced: this
 * is the commit. Then body and signer get their names in `incoming`, synced, and
 * last the ticket is removed. Why a message is neither lost nor doubled, wherever a
 * process is killed and however many deliver it at the same time:
 *
 * - The entries change under a lock, and only from what was seen to what is meant.
 *   An entry of the same signer is not replaced, and removed only when the sender
 *   has said so or it is very old. So of all that stage a message one
 *   enters it, and the others find its entry.
 * - A staged message is entered when its entry says what its ticket says. The text
 *   names the id, and an id has one ticket at most, which is made before the message
 *   is staged and removed after it is visible for good.
 * - An entered message leaves its hidden names in one way only, by renames into
 *   `incoming`, each of which succeeds once; a consumer may have taken the message
 *   since. So it is delivered when nothing of it is hidden; and every process that
 *   finds an entry, at the next delivery, in `tidy`, before it is replaced or removed,
 *   makes it durable and does the renames if they are still to be done.
 * - From one act of signing one message is entered at most, also when the entry is
 *   forgotten. Together with the entry, under its lock and before it, the mark of the
 *   signing is made, with the id in it. A mark counts when the message of that id is
 *   entered, or when nothing of it is hidden. So the mark of one that was killed
 *   between mark and entry does not; and before a hidden message is removed that is
 *   not entered, its mark is.
 * - A staged message that is not entered is removed by its writer, or by `tidy` when
 *   it is old; this, too, under the lock and the ticket first. Then it cannot be
 *   entered any more: a writer that was only slow fails, and delivers again.
 *
 * @module
 */
import { basename } from "node:path";
import type { Signings } from "../memory/signings.ts";
import type { Signing } from "../spool.ts";
import { type AckDirectory, parseAck } from "./acks.ts";
import { MESSAGE_ID } from "./names.ts";
import type { Ssm1Content, Ssm1Staged, Ssm1Staging } from "./staging.ts";

/** In a mark, for the name of a message that is none of ours. */
const NAMELESS = "00000000-000000-000";

/** The entries, and the marks of the signings; no entry is replaced or removed before its message is visible. */
export class ReceivedMessages {
  readonly #acks: AckDirectory;
  readonly #staging: Ssm1Staging;
  readonly #signings: Signings;

  constructor(acks: AckDirectory, staging: Ssm1Staging, signings: Signings) {
    this.#acks = acks;
    this.#staging = staging;
    this.#signings = signings;
  }

  /**
   * Why a message that is not known, and comes from this signing, is to be taken
   * for a replay.
   */
  doubt(
    { md5, mark }: Ssm1Content,
    signer: string,
    signing: Signing,
  ): string | undefined {
    const isKnown = isEntryOf(signer, this.#acks.read(md5)) ||
      (mark !== undefined && this.#signings.marks.read(mark) !== undefined);
    return isKnown ? undefined : this.#signings.admit(signing);
  }

  /** Whether this signer's message has been entered, or a message from this signing; then it is made durable and visible. */
  async has(
    content: Ssm1Content,
    signer: string,
    signing: Signing | undefined,
  ): Promise<boolean> {
    const seen = await this.#find(content.md5);
    const isEntered = isEntryOf(signer, seen);
    if (!signing) return isEntered;
    await this.#signings.marks.trim();
    if (!isEntered) {
      if (!this.#isMarked(content)) return false;
      // The process that made the mark may have been killed before it was synced.
      await Promise.all([this.#signings.marks.sync(), this.#staging.sync()]);
      return true;
    }
    // Signed again by a sender that did not get the answer: what the entry knows now,
    // this mark knows when the entry is forgotten.
    const staged = { ...content, id: idIn(seen) ?? NAMELESS };
    if (
      !this.#isMarked(staged) && this.#signings.admit(signing) === undefined
    ) {
      await this.#acks.exclusively(() => this.#claim(staged));
    }
    await this.#signings.marks.sync();
    return true;
  }

  /** The commit; `false` when the signer's message has been entered already, or a message from this signing. */
  async enter(staged: Ssm1Staged, signer: string): Promise<boolean> {
    const { id, md5 } = staged;
    for (;;) {
      const seen = await this.#find(md5);
      if (isEntryOf(signer, seen)) return false;
      if (this.#isMarked(staged)) return false;
      // An entry of another signer makes way: a sender of the same content must not suppress it by being first.
      this.#staging.check(staged);
      const ticket = this.#staging.ticketOf(id);
      const claim = () => this.#claim(staged);
      if (await this.#acks.exchange(md5, seen, ticket, claim)) return true;
    }
  }

  /** Makes durable what `enter` has marked. */
  async syncMarks(): Promise<void> {
    await this.#signings.marks.sync();
  }

  /** Removes an entry; `false` when there is none. */
  async forget(md5: string): Promise<boolean> {
    for (;;) {
      const seen = await this.#find(md5);
      if (seen === undefined) return false;
      if (await this.#acks.exchange(md5, seen)) return true;
    }
  }

  /** Removes the entries made longer than `ageMs` ago, the original's too. */
  async forgetOlderThan(ageMs: number): Promise<void> {
    for await (const md5 of this.#acks.olderThan(ageMs)) {
      const seen = await this.#find(md5);
      // In case it has been replaced meanwhile by a younger one.
      if (seen === undefined || !this.#acks.isOlderThan(md5, ageMs)) continue;
      await this.#acks.exchange(md5, seen);
    }
  }

  /** Makes visible what is entered, and deletes what has not been for `ageMs`. */
  async tidy(ageMs: number): Promise<void> {
    const staging = this.#staging;
    const isEntered = (staged: Ssm1Staged) => this.#isEntered(staged);
    for (const staged of staging.list().filter(isEntered)) staging.show(staged);
    const shown = staging.shown();
    await staging.sync();
    for (const id of shown) staging.finish(id);
    await this.#acks.exclusively(() =>
      staging.sweep(ageMs, isEntered, (staged) => this.#unmark(staged))
    );
  }

  #isEntered({ id, md5 }: Ssm1Staged): boolean {
    const ticket = this.#staging.readTicket(id);
    return ticket !== undefined && ticket === this.#acks.read(md5);
  }

  /** Deletes a staged message, unless it is entered. */
  async withdraw(staged: Ssm1Staged): Promise<void> {
    await this.#acks.exclusively(() => {
      if (this.#isEntered(staged)) return;
      this.#unmark(staged);
      this.#staging.remove(staged);
    });
  }

  /** Whether a message from this signing has been entered: a mark may be of one that was killed before. */
  #isMarked({ md5, mark }: Ssm1Content): boolean {
    if (mark === undefined) return false;
    const id = this.#signings.marks.read(mark);
    if (id === undefined) return false;
    const staged = { id, md5, mark };
    return this.#isEntered(staged) || !this.#staging.isHidden(staged);
  }

  /** Makes its mark name a message; `false` when it names one that is entered, or was. */
  #claim(staged: Ssm1Staged): boolean {
    const { id, mark } = staged;
    if (mark === undefined) return true;
    if (this.#isMarked(staged)) return false;
    const dead = this.#signings.marks.read(mark);
    if (dead !== undefined) this.#signings.marks.withdraw(mark, dead);
    this.#signings.marks.claim(mark, id);
    return true;
  }

  /** Before the files of a message go that is not entered: without them it would seem to be. */
  #unmark({ id, mark }: Ssm1Staged): void {
    if (mark !== undefined) this.#signings.marks.withdraw(mark, id);
  }

  /** An entry's text, itself durable and its message visible; `undefined` when there is none. */
  async #find(md5: string): Promise<string | undefined> {
    const seen = this.#acks.read(md5);
    if (seen === undefined) return undefined;
    // The process that made the entry may have been killed before it was synced.
    await this.#acks.sync();
    await this.#settle(md5, seen);
    return seen;
  }

  /** Makes the message of an entry visible, durably, if that is still to be done. */
  async #settle(md5: string, seen: string): Promise<void> {
    const id = idIn(seen);
    if (id === undefined || this.#staging.readTicket(id) !== seen) return;
    for (const staged of this.#staging.list()) {
      // The id alone may be another one's by now, if somebody took the message away.
      if (staged.id === id && staged.md5 === md5) this.#staging.show(staged);
    }
    await this.#staging.sync();
  }
}

/** Whether it is an entry, and of a message of this signer. */
function isEntryOf(signer: string, text: string | undefined): boolean {
  return text !== undefined && parseAck(text)?.signer === signer;
}

/** The name of the message that an entry is about; the original's may have any. */
function idIn(text: string | undefined): string | undefined {
  const id = basename(parseAck(text ?? "")?.path ?? "");
  return MESSAGE_ID.test(id) ? id : undefined;
}
