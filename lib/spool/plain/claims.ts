/**
 * Claims on the files of a plain directory.
 *
 * A file is claimed by renaming it into a directory of its own,
 * `.ssm-claims/<random>/<its name>`: of two senders only one succeeds, the name
 * stays whole however long it is, the file keeps its time and so its place in the
 * order, and the time of the claim is that of the directory around it.
 *
 * Where no directory can be made, because the file system has no inode left, it is
 * renamed where it is, into `.ssm-claim-<time>-<random>-<its name>`: sending it is
 * what frees an inode.
 *
 * @module
 */
import { isErrno, type SsmError } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt, makeDirectory, removeIfEmpty } from "../disk/files.ts";
import { modified } from "../disk/freshness.ts";
import { type Claim, DirectoryClaim, moveBack, NamedClaim } from "./claim.ts";

/** All claims that are there, and what could not be looked into. */
export interface FoundClaims {
  readonly claims: readonly Claim[];
  readonly unreadable: readonly SsmError[];
}

/** Making a directory may be refused so, where a rename is still possible. */
const NO_DIRECTORY = ["ENOSPC", "EDQUOT", "EACCES"];

/** The claims in one spool directory. */
export class Claims {
  readonly #path: string;
  readonly #directory: string;
  readonly #mode: number;
  readonly #clock: Clock;

  /** @param mode of the directories that hold claims */
  constructor(path: string, mode: number, clock: Clock) {
    this.#clock = clock;
    this.#path = path;
    this.#directory = `${path}/.ssm-claims`;
    this.#mode = mode;
  }

  /** Claims a file; throws what the system says, `ENOENT` when it is not there any more. */
  take(name: string): Claim {
    try {
      return this.#takeIntoDirectory(name);
    } catch (error) {
      if (!isErrno(error, ...NO_DIRECTORY)) throw error;
      return this.#takeByName(name, error);
    }
  }

  #takeIntoDirectory(name: string): Claim {
    const directory = this.#makeDirectory();
    const claim = new DirectoryClaim(
      directory,
      name,
      this.#clock.date().getTime(),
    );
    try {
      Deno.renameSync(`${this.#path}/${name}`, claim.file);
    } catch (error) {
      claim.dissolve();
      throw error;
    }
    return claim;
  }

  /** @param cause why it cannot be done otherwise */
  #takeByName(name: string, cause: unknown): Claim {
    try {
      return NamedClaim.take(this.#path, name, this.#clock);
    } catch (error) {
      throw isErrno(error, "ENAMETOOLONG") ? cause : error;
    }
  }

  /** A new directory for a claim. */
  #makeDirectory(): string {
    const directory = `${this.#directory}/${crypto.randomUUID()}`;
    for (let attempts = 0;; attempts++) {
      try {
        makeDirectory(directory, this.#mode);
        return directory;
      } catch (error) {
        if (!isErrno(error, "ENOENT") || attempts === 10) throw error;
      }
      // The first claim, or another sender has just tidied it away, since it was empty.
      makeDirectory(this.#directory, this.#mode);
    }
  }

  /**
   * What is claimed, by any process.
   *
   * @throws {SsmError} `SPOOL` when the spool directory itself cannot be read.
   */
  async find(): Promise<FoundClaims> {
    const claims: Claim[] = [];
    const unreadable: SsmError[] = [];
    const names = await entriesOf(this.#path, unreadable);
    if (unreadable.length > 0) throw unreadable[0];
    for (const name of names) {
      const claim = NamedClaim.parse(this.#path, name);
      if (claim !== undefined) claims.push(claim);
    }
    for (const name of await entriesOf(this.#directory, unreadable)) {
      const directory = `${this.#directory}/${name}`;
      const info = lookAt(directory);
      if (info === undefined) continue;
      for (const file of await entriesOf(directory, unreadable)) {
        claims.push(new DirectoryClaim(directory, file, modified(info)));
      }
    }
    return { claims, unreadable };
  }

  /** Makes a claim young; throws what the system says when it was taken over. */
  renew(claim: Claim): void {
    claim.renew(this.#clock);
  }

  /** Makes the claim of a sender that died ours; throws `ENOENT` when another process was faster. */
  takeOver(claim: Claim): Claim {
    return claim.takeOver(this.#clock);
  }

  /**
   * Moves a claimed file back under its name, and removes the claim.
   *
   * When there is a newer file of that name, the claim stays, old enough for the
   * next to tidy to try again: neither file is lost, and each is sent under its own
   * name. Throws what the system says.
   */
  giveBack(claim: Claim): void {
    if (!moveBack(claim.file, `${this.#path}/${claim.name}`)) {
      return claim.expire();
    }
    claim.dissolve();
    removeIfEmpty(this.#directory);
  }

  /** Removes directories without a file that were made before `time`, in ms, and the one around them. */
  async removeEmpty(time: number): Promise<void> {
    for (const name of await entriesOf(this.#directory, [])) {
      const directory = `${this.#directory}/${name}`;
      const info = lookAt(directory);
      if (info && modified(info) < time) removeIfEmpty(directory);
    }
    removeIfEmpty(this.#directory);
  }
}

/** Nothing where there is no such directory. */
async function entriesOf(
  path: string,
  unreadable: SsmError[],
): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(path));
    return entries.map(({ name }) => name);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) {
      unreadable.push(spoolError("list", path, error));
    }
    return [];
  }
}
