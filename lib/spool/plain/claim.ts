/**
 * A claim on one file of a plain directory, in its two forms.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import type { Clock } from "../../time/mod.ts";
import { lookAt, removeIfEmpty, touchNow, unlink } from "../disk/files.ts";

/** A claim, made by any process. */
export interface Claim {
  /** The name of the file in the spool. */
  readonly name: string;
  /** Where the file is as long as it is claimed. */
  readonly file: string;
  /** When it was made or renewed, in ms. */
  readonly time: number;
  /** Makes it young; throws what the system says when it was taken over. */
  renew(clock: Clock): void;
  /** Makes it so old that the next to tidy gives the file back. */
  expire(): void;
  /** Makes the claim of a sender that died ours; throws `ENOENT` when another process was faster. */
  takeOver(clock: Clock): Claim;
  /** Removes what is left of it when the file is not there any more. */
  dissolve(): void;
}

/** The file is in a directory of its own, whose time is that of the claim. */
export class DirectoryClaim implements Claim {
  readonly name: string;
  readonly time: number;
  readonly #directory: string;

  constructor(directory: string, name: string, time: number) {
    this.#directory = directory;
    this.name = name;
    this.time = time;
  }

  get file(): string {
    return `${this.#directory}/${this.name}`;
  }

  renew(clock: Clock): void {
    touchNow(this.#directory, clock);
  }

  expire(): void {
    Deno.utimeSync(this.#directory, 0, 0);
  }

  takeOver(clock: Clock): Claim {
    // Renamed first, so that only one of several gives the file back, and only once.
    const parent = this.#directory.slice(0, this.#directory.lastIndexOf("/"));
    const mine = `${parent}/${crypto.randomUUID()}`;
    Deno.renameSync(this.#directory, mine);
    return new DirectoryClaim(mine, this.name, touchNow(mine, clock));
  }

  dissolve(): void {
    removeIfEmpty(this.#directory);
  }
}

const NAMED = /^\.ssm-claim-(\d{1,15})-[0-9a-f]{8}-(.+)$/s;

/** The file is beside where it was, under a name that says when it was claimed. */
export class NamedClaim implements Claim {
  readonly name: string;
  readonly #path: string;
  #alias: string;

  private constructor(path: string, name: string, alias: string) {
    this.#path = path;
    this.name = name;
    this.#alias = alias;
  }

  /** Claims a file of the directory `path`; throws what the system says. */
  static take(path: string, name: string, clock: Clock): NamedClaim {
    const claim = new NamedClaim(path, name, name);
    claim.renew(clock);
    return claim;
  }

  /** The claim that `alias` is; `undefined` when it is none. */
  static parse(path: string, alias: string): NamedClaim | undefined {
    const [, , name] = NAMED.exec(alias) ?? [];
    return name === undefined ? undefined : new NamedClaim(path, name, alias);
  }

  get file(): string {
    return `${this.#path}/${this.#alias}`;
  }

  get time(): number {
    return Number(NAMED.exec(this.#alias)?.[1] ?? 0);
  }

  renew(clock: Clock): void {
    this.#rename(clock.date().getTime());
  }

  expire(): void {
    this.#rename(0);
  }

  takeOver(clock: Clock): Claim {
    const mine = new NamedClaim(this.#path, this.name, this.#alias);
    mine.renew(clock);
    return mine;
  }

  dissolve(): void {}

  #rename(time: number): void {
    const random = crypto.randomUUID().slice(0, 8);
    const alias = `.ssm-claim-${time}-${random}-${this.name}`;
    Deno.renameSync(this.file, `${this.#path}/${alias}`);
    this.#alias = alias;
  }
}

/**
 * Moves a file back under its name.
 *
 * @returns `false` when another file has that name; that `file` is gone is as good as done
 */
export function moveBack(file: string, original: string): boolean {
  try {
    // Not a rename, which would replace the newer file.
    Deno.linkSync(file, original);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return true;
    if (!isErrno(error, "EEXIST")) return renameBack(file, original, error);
    if (!isSameFile(file, original)) return false;
  }
  unlink(file);
  return true;
}

/**
 * The system refuses links to files of another user (protected_hardlinks), and some
 * file systems have none. Then only a look tells whether the name is taken; a newer
 * file that came in this instant would be replaced.
 */
function renameBack(file: string, original: string, cause: unknown): boolean {
  if (!isErrno(cause, ...NO_LINKS)) throw cause;
  if (lookAt(original) !== undefined) return false;
  Deno.renameSync(file, original);
  return true;
}

const NO_LINKS = ["EPERM", "ENOTSUP", "ENOSYS", "EXDEV", "EMLINK"];

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [lookAt(one), lookAt(other)];
  return a !== undefined && a.ino !== null && a.ino === b?.ino &&
    a.dev === b.dev;
}
