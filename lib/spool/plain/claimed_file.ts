// deno-lint-ignore-file require-await -- a failure rejects, as the interface says
/**
 * A claimed file of a plain directory.
 *
 * @module
 */
import type { Clock } from "../../time/mod.ts";
import { CheckedFile } from "../disk/checked_file.ts";
import { spoolError } from "../disk/errors.ts";
import type { SpoolEntry } from "../spool.ts";
import type { Claim } from "./claim.ts";
import type { Claims } from "./claims.ts";

/** A file of a {@linkcode PlainDirectory} that is ours to send. */
export class ClaimedFile implements SpoolEntry {
  readonly #original: string;
  readonly #claims: Claims;
  readonly #claim: Claim;
  readonly #file: CheckedFile;
  #held = true;

  /** @param original where the file was; `claim` is one of `claims`, `claimed` what it holds */
  constructor(
    original: string,
    { claims, claim, claimed, clock }: {
      claims: Claims;
      claim: Claim;
      claimed: Deno.FileInfo;
      clock: Clock;
    },
  ) {
    this.#original = original;
    this.#claims = claims;
    this.#claim = claim;
    this.#file = new CheckedFile(claimed, clock);
  }

  get name(): string {
    return this.#claim.name;
  }

  get size(): number {
    return this.#file.size;
  }

  async read(): Promise<Uint8Array> {
    try {
      return await this.#file.read(this.#claim.file);
    } catch (error) {
      throw spoolError("read", this.#original, error);
    }
  }

  async touch(): Promise<void> {
    try {
      this.#claims.renew(this.#claim);
    } catch (error) {
      throw spoolError("renew the claim of", this.#original, error);
    }
  }

  async remove(): Promise<void> {
    try {
      await this.#file.check(this.#claim.file);
      Deno.removeSync(this.#claim.file);
      this.#held = false;
      this.#claim.dissolve();
    } catch (error) {
      throw spoolError("remove", this.#original, error);
    }
  }

  async unlock(): Promise<void> {
    if (!this.#held) return;
    try {
      this.#claims.giveBack(this.#claim);
      this.#held = false;
    } catch (error) {
      throw spoolError("give back", this.#original, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unlock();
  }
}
