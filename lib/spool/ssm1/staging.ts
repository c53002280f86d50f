/**
 * Messages in the directories of SSM1 that are not visible yet.
 *
 * A staged message is three files: `ack/.tmp-<id>`, the ticket, which is what its
 * entry will be; `incoming/.tmp-<id>.<md5>`, the body, or `.tmp-<id>.<md5>.<mark>`
 * where it is known from which act of signing it comes; and that name with `.sig`,
 * the signer. The ticket is made first, when there is none of that name, and
 * removed last: making it takes the id.
 *
 * @module
 */
import { join } from "node:path";
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import type { DirectorySyncer } from "../disk/directory_syncer.ts";
import { lookAt, unlink, writeDurably } from "../disk/files.ts";
import { formatAck, readText } from "./acks.ts";
import { HIDDEN, MESSAGE_ID, MessageNames } from "./names.ts";

/** A body or signer; the id is within {@linkcode HIDDEN} and the digest. */
const STAGED =
  /^\.tmp-(\d{8}-\d{6}-\d{3})\.([0-9a-f]{32})(?:\.([0-9a-f]{32}))?(?:\.sig)?$/;

/** Settings of a {@linkcode Ssm1Staging}. */
export interface Ssm1StagingOptions {
  readonly fileMode: number;
  readonly syncer: DirectorySyncer;
  readonly clock: Clock;
}

/** What a message is: the digest of its content, and the mark of its signing, if there is one. */
export interface Ssm1Content {
  readonly md5: string;
  readonly mark: string | undefined;
}

/** Which message it is: its name, and what it is. */
export interface Ssm1Staged extends Ssm1Content {
  readonly id: string;
}

/** The hidden files of one id. */
interface Leftover {
  readonly id: string;
  readonly files: { readonly name: string; readonly staged: Ssm1Staged }[];
  /** When the last of them was written, in ms since 1970. */
  writtenAt: number;
}

/** Staged messages, and their way into `incoming`. */
export class Ssm1Staging {
  readonly #incoming: string;
  readonly #acks: string;
  readonly #fileMode: number;
  readonly #syncer: DirectorySyncer;
  readonly #clock: Clock;
  readonly #names = new MessageNames();

  constructor(path: string, options: Ssm1StagingOptions) {
    this.#incoming = join(path, "incoming");
    this.#acks = join(path, "ack");
    this.#fileMode = options.fileMode;
    this.#syncer = options.syncer;
    this.#clock = options.clock;
  }

  /** Where the ticket of a message is. */
  ticketOf(id: string): string {
    return `${this.#acks}/${HIDDEN}${id}`;
  }

  /** What the ticket of a message says; `undefined` when it has none. */
  readTicket(id: string): string | undefined {
    return readText(this.ticketOf(id));
  }

  /** Stages a message, durably. */
  async write(
    content: Ssm1Content,
    body: Uint8Array,
    signer: string,
  ): Promise<Ssm1Staged> {
    const staged = { id: await this.#reserve(content, signer), ...content };
    const path = this.#pathOf(staged);
    const signed = new TextEncoder().encode(`${signer}\n`);
    const work = [
      writeDurably(path, body, this.#fileMode),
      writeDurably(`${path}.sig`, signed, this.#fileMode),
      // All files are there already, if not yet their bytes.
      this.#syncer.sync(this.#incoming),
      this.#syncer.sync(this.#acks),
    ];
    try {
      // To the end of all, so that after a failure none writes into what is removed.
      await Promise.allSettled(work);
      await Promise.all(work);
    } catch (error) {
      quietly(() => this.remove(staged));
      throw error;
    }
    return staged;
  }

  /**
   * Sees to it that a message can still be made visible.
   *
   * @throws {Error} when it is gone, or a stranger took its name.
   */
  check(staged: Ssm1Staged): void {
    if (lookAt(this.#pathOf(staged)) === undefined) {
      throw new Error("What was prepared has disappeared");
    }
    for (const name of [staged.id, `${staged.id}.sig`]) {
      if (lookAt(`${this.#incoming}/${name}`) !== undefined) throw taken(name);
    }
  }

  /** Whether the body or the signer of a message is hidden. */
  isHidden(staged: Ssm1Staged): boolean {
    const path = this.#pathOf(staged);
    return [path, `${path}.sig`].some((name) => lookAt(name) !== undefined);
  }

  /** Makes a message visible, the body before the signer; `false` when there was nothing to do. */
  show(staged: Ssm1Staged): boolean {
    const path = this.#pathOf(staged);
    const body = this.#rename(path, staged.id);
    return this.#rename(`${path}.sig`, `${staged.id}.sig`) || body;
  }

  /** Makes durable what is visible now. */
  async sync(): Promise<void> {
    await this.#syncer.sync(this.#incoming);
  }

  /** Gives the id of a visible message back. Before that, `sync`. */
  finish(id: string): void {
    unlink(this.ticketOf(id));
  }

  /** The ids of messages that are entered and visible, but not finished. */
  shown(): string[] {
    return this.#leftovers().filter(({ id, files }) =>
      // An entry is one more name of the ticket.
      files.length === 0 && (lookAt(this.ticketOf(id))?.nlink ?? 0) > 1
    ).map(({ id }) => id);
  }

  /** Deletes a message that is not entered. The ticket goes first: without it none can be. */
  remove(staged: Ssm1Staged): void {
    unlink(this.ticketOf(staged.id));
    unlink(this.#pathOf(staged));
    unlink(`${this.#pathOf(staged)}.sig`);
  }

  /** All messages of which the body or the signer is hidden. */
  list(): Ssm1Staged[] {
    const found = this.#leftovers().flatMap(({ files }) =>
      files.map(({ staged }): [string, Ssm1Staged] => [
        this.#pathOf(staged),
        staged,
      ])
    );
    return [...new Map(found).values()];
  }

  /** Deletes what was last written to longer than `ageMs` ago, except what `isEntered`; tells `release` before. */
  sweep(
    ageMs: number,
    isEntered: (staged: Ssm1Staged) => boolean,
    release: (staged: Ssm1Staged) => void,
  ): void {
    const limit = this.#clock.date().getTime() - ageMs;
    for (const { id, files, writtenAt } of this.#leftovers()) {
      if (writtenAt >= limit) continue;
      if (files.some(({ staged }) => isEntered(staged))) continue;
      for (const { staged } of files) release(staged);
      unlink(this.ticketOf(id));
      for (const { name } of files) unlink(`${this.#incoming}/${name}`);
    }
  }

  /** Takes an id that is not in use. */
  async #reserve(content: Ssm1Content, signer: string): Promise<string> {
    for (;;) {
      const id = this.#names.next(this.#clock.date().getTime());
      const ticket = this.ticketOf(id);
      const isTaken = lookAt(ticket) !== undefined ||
        this.isHidden({ id, ...content }) || this.#isUsed(id);
      if (isTaken) continue;
      const text = formatAck({ path: join(this.#incoming, id), signer });
      try {
        const bytes = new TextEncoder().encode(text);
        await writeDurably(ticket, bytes, this.#fileMode);
      } catch (error) {
        if (isErrno(error, "EEXIST")) continue;
        quietly(() => unlink(ticket));
        throw error;
      }
      // Another process may have had it until a moment ago and made its message visible.
      if (!this.#isUsed(id)) return id;
      unlink(ticket);
    }
  }

  /** Whether a message of this name is in `incoming`, or half of it. */
  #isUsed(id: string): boolean {
    return [id, `${id}.sig`].some((name) =>
      lookAt(`${this.#incoming}/${name}`)
    );
  }

  /** `false` when `path` is not there any more: another process renamed it. */
  #rename(path: string, name: string): boolean {
    const visible = `${this.#incoming}/${name}`;
    // In this order, as another process may be about to rename it.
    if (lookAt(visible) !== undefined && lookAt(path) !== undefined) {
      throw taken(name);
    }
    try {
      Deno.renameSync(path, visible);
      return true;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
  }

  #leftovers(): Leftover[] {
    const byId = new Map<string, Leftover>();
    const add = (id: string, path: string) => {
      const leftover = byId.get(id) ?? { id, files: [], writtenAt: -Infinity };
      byId.set(id, leftover);
      const written = lookAt(path)?.mtime?.getTime() ?? -Infinity;
      leftover.writtenAt = Math.max(leftover.writtenAt, written);
      return leftover;
    };
    for (const { name } of Deno.readDirSync(this.#acks)) {
      const id = name.slice(HIDDEN.length);
      if (!name.startsWith(HIDDEN) || !MESSAGE_ID.test(id)) continue;
      add(id, `${this.#acks}/${name}`);
    }
    for (const { name } of Deno.readDirSync(this.#incoming)) {
      const [, id, md5, mark] = STAGED.exec(name) ?? [];
      if (id === undefined || md5 === undefined) continue;
      const { files } = add(id, `${this.#incoming}/${name}`);
      files.push({ name, staged: { id, md5, mark } });
    }
    return [...byId.values()];
  }

  #pathOf({ id, md5, mark }: Ssm1Staged): string {
    const path = `${this.#incoming}/${HIDDEN}${id}.${md5}`;
    return mark === undefined ? path : `${path}.${mark}`;
  }
}

function taken(name: string): Error {
  return new Error(`Another file has the name "${name}"`);
}

/** What cannot be removed now is swept later; the failure before is the one to tell. */
function quietly(remove: () => void): void {
  try {
    remove();
  } catch {
    // As said above.
  }
}
