/**
 * Which exports nobody uses.
 *
 * @module
 */

import { posix } from "node:path";
import type { Uses } from "./source_uses.ts";

/** What {@linkcode unusedExports} needs to know about the house. */
export interface Doors {
  /** The files through which other rooms use a room. */
  readonly faces: readonly string[];
  /** The files that other programs may import: all of their exports are used. */
  readonly entries: readonly string[];
}

/** Where exports are made for others: elsewhere an unused one is unused code, which the linter finds. */
const SHARED = ["lib/", "tests/kit/", "tests/peers/"];

/**
 * Every name that a face exports and every value that another shared file
 * exports, and nobody imports; one sentence each. A type of another file may be
 * exported for the sake of a signature alone.
 */
export function unusedExports(
  files: ReadonlyMap<string, Uses>,
  { faces, entries }: Doors,
): string[] {
  const used = new UsedNames(files);
  for (const entry of entries) used.add(entry, "*");
  for (const [path, { imports }] of files) {
    for (const { specifier, names = ["*"] } of imports) {
      for (const name of names) used.add(resolve(path, specifier), name);
    }
  }
  const unused: string[] = [];
  for (const path of files.keys()) {
    if (!SHARED.some((place) => path.startsWith(place))) continue;
    const isFace = faces.includes(path);
    for (const { name, value } of used.exportsOf(path)) {
      if ((value || isFace) && !used.has(path, name)) {
        unused.push(`${path}: exports ${name}, which nobody uses`);
      }
    }
  }
  return unused;
}

/** Names of files that are used, also where another file passes them on. */
class UsedNames {
  readonly #files: ReadonlyMap<string, Uses>;
  readonly #used = new Map<string, Set<string>>();

  constructor(files: ReadonlyMap<string, Uses>) {
    this.#files = files;
  }

  /** Somebody uses this name of this file; `*` stands for all of them. */
  add(path: string, name: string): void {
    const used = this.#used.get(path) ?? new Set();
    this.#used.set(path, used);
    if (used.has(name)) return;
    used.add(name);
    for (const passed of this.#files.get(path)?.exports ?? []) {
      if (!passed.origin) continue;
      const { specifier, name: original } = passed.origin;
      const target = resolve(path, specifier);
      if (passed.name === "*") this.add(target, name);
      else if (name === "*" || name === passed.name) this.add(target, original);
    }
  }

  has(path: string, name: string): boolean {
    const used = this.#used.get(path);
    return used !== undefined && (used.has(name) || used.has("*"));
  }

  /** What a file exports, with all that it passes on of other files. */
  exportsOf(path: string): { name: string; value: boolean }[] {
    const { exports = [] } = this.#files.get(path) ?? {};
    return exports.flatMap((exported) =>
      exported.name === "*" && exported.origin
        ? this.exportsOf(resolve(path, exported.origin.specifier))
        : [exported]
    );
  }
}

function resolve(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}
