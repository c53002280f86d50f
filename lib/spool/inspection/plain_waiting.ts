/**
 * A look at an outgoing directory of plain files.
 *
 * @module
 */
import { spoolError } from "../disk/errors.ts";
import { lookAt, readHead } from "../disk/files.ts";
import { modified } from "../disk/freshness.ts";
import { systemClock } from "../../time/mod.ts";
import { isErrno } from "../../errors.ts";
import type { Claim } from "../plain/claim.ts";
import { Claims } from "../plain/claims.ts";
import { SkippedEntries } from "../disk/skipped.ts";
import { whyLeft } from "../plain/outgoing.ts";
import type { WaitingEntry, WaitingSpool } from "../stuck.ts";
import { wordsOf } from "./fields.ts";

/** Settings of {@linkcode PlainWaiting}. */
export interface PlainWaitingOptions {
  /** Whether files called `*.tmp` are left alone. @default {true} */
  readonly skipTmp?: boolean;
  /** Mode of the directories that hold claims. @default {0o750} */
  readonly directoryMode?: number;
}

/** Files of a plain directory, those that a sender has claimed among them. */
export class PlainWaiting implements WaitingSpool {
  readonly #path: string;
  readonly #claims: Claims;
  readonly #skipTmp: boolean;

  constructor(path: string, options: PlainWaitingOptions = {}) {
    const { skipTmp = true, directoryMode = 0o750 } = options;
    this.#path = path;
    this.#claims = new Claims(path, directoryMode, systemClock);
    this.#skipTmp = skipTmp;
  }

  async *entries(): AsyncGenerator<WaitingEntry> {
    const claimed = await this.#claimed();
    yield* claimed.values();
    try {
      for (const { name, isFile } of Deno.readDirSync(this.#path)) {
        if (!isFile || !this.#isEligible(name) || claimed.has(name)) continue;
        const info = lookAt(`${this.#path}/${name}`);
        if (info) yield entryOf(name, info, undefined);
      }
    } catch (error) {
      throw spoolError("list", this.#path, error);
    }
  }

  async skipped(): Promise<string[]> {
    const skipped = new SkippedEntries(systemClock);
    const { claims, unreadable } = await this.#claims.find();
    for (const { file, time } of claims) skipped.addIfFromFuture(file, time);
    try {
      for (const entry of Deno.readDirSync(this.#path)) {
        if (entry.isFile || !this.#isEligible(entry.name)) continue;
        skipped.add(`${this.#path}/${entry.name}`, whyLeft(entry));
      }
    } catch (error) {
      throw spoolError("list", this.#path, error);
    }
    return [
      ...unreadable.map(({ message }) => message),
      ...wordsOf(skipped),
    ];
  }

  async #claimed(): Promise<Map<string, WaitingEntry>> {
    const { claims } = await this.#claims.find();
    const entries = new Map<string, WaitingEntry>();
    for (const { name, file, time } of claims) {
      const info = lookAt(file);
      if (info) entries.set(name, entryOf(name, info, time));
    }
    return entries;
  }

  #isEligible(name: string): boolean {
    return !name.startsWith(".") && !(this.#skipTmp && name.endsWith(".tmp"));
  }

  async entry(id: string): Promise<WaitingEntry | undefined> {
    if (!this.#isEligible(id) || id === "" || id.includes("/")) {
      return undefined;
    }
    const claimed = (await this.#claimed()).get(id);
    if (claimed) return claimed;
    const info = lookAt(`${this.#path}/${id}`);
    return info?.isFile ? entryOf(id, info, undefined) : undefined;
  }

  async read(id: string, limit?: number): Promise<Uint8Array> {
    const path = (await this.#claimOf(id))?.file ?? `${this.#path}/${id}`;
    try {
      if (limit === undefined) return await Deno.readFile(path);
      return readHead(path, limit) ?? new Uint8Array(0);
    } catch (error) {
      throw spoolError("read", path, error);
    }
  }

  async unlock({ id, locked }: WaitingEntry): Promise<boolean> {
    const claim = await this.#claimOf(id);
    if (!claim || claim.time !== locked) return false;
    try {
      this.#claims.giveBack(claim.takeOver(systemClock));
      return true;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw spoolError("give back", claim.file, error);
    }
  }

  async #claimOf(id: string): Promise<Claim | undefined> {
    const { claims } = await this.#claims.find();
    return claims.find(({ name }) => name === id);
  }
}

function entryOf(
  id: string,
  info: Deno.FileInfo,
  locked: number | undefined,
): WaitingEntry {
  return { id, bytes: info.size, since: modified(info), locked };
}
