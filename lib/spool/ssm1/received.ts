/**
 * What was received by SSM1 and may come again: the entries, and what they name.
 *
 * @module
 */
import { basename } from "node:path";
import { type AckDirectory, parseAck } from "./acks.ts";
import { MESSAGE_ID } from "./names.ts";
import type { Ssm1Staged, Ssm1Staging } from "./staging.ts";

/** The entries; none is replaced or removed before its message is visible. */
export class ReceivedMessages {
  readonly #acks: AckDirectory;
  readonly #staging: Ssm1Staging;

  constructor(acks: AckDirectory, staging: Ssm1Staging) {
    this.#acks = acks;
    this.#staging = staging;
  }

  /** Whether this signer's message has been entered; then it is made durable and visible. */
  async has(md5: string, signer: string): Promise<boolean> {
    return isEntryOf(signer, await this.#find(md5));
  }

  /** The commit; `false` when the signer's message has been entered already. */
  async enter({ id, md5 }: Ssm1Staged, signer: string): Promise<boolean> {
    for (;;) {
      const seen = await this.#find(md5);
      if (isEntryOf(signer, seen)) return false;
      // An entry of another signer makes way: who sends the same first must not suppress it.
      this.#staging.check({ id, md5 });
      const ticket = this.#staging.ticketOf(id);
      if (await this.#acks.exchange(md5, seen, ticket)) return true;
    }
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
    await this.#acks.exclusively(() => staging.sweep(ageMs, isEntered));
  }

  #isEntered({ id, md5 }: Ssm1Staged): boolean {
    const ticket = this.#staging.readTicket(id);
    return ticket !== undefined && ticket === this.#acks.read(md5);
  }

  /** Deletes a staged message, unless it is entered. */
  async withdraw(staged: Ssm1Staged): Promise<void> {
    await this.#acks.exclusively(() => {
      if (!this.#isEntered(staged)) this.#staging.remove(staged);
    });
  }

  /** An entry's text, itself durable and its message visible; `undefined` when there is none. */
  async #find(md5: string): Promise<string | undefined> {
    const seen = this.#acks.read(md5);
    if (seen === undefined) return undefined;
    // Whoever made the entry may not have come to sync it.
    await this.#acks.sync();
    await this.#settle(md5, seen);
    return seen;
  }

  /** Makes the message of an entry visible, durably, if that is still to be done. */
  async #settle(md5: string, seen: string): Promise<void> {
    const id = basename(parseAck(seen)?.path ?? "");
    if (!MESSAGE_ID.test(id) || this.#staging.readTicket(id) !== seen) return;
    this.#staging.show({ id, md5 });
    await this.#staging.sync();
  }
}

/** Whether it is an entry, and of a message of this signer. */
function isEntryOf(signer: string, text: string | undefined): boolean {
  return text !== undefined && parseAck(text)?.signer === signer;
}
