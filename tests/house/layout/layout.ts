/**
 * The checker behind the layout test: sources in, broken rules out.
 *
 * @module
 */

import { posix } from "node:path";
import { unusedExports } from "./layout_exports.ts";
import { misplacedTests } from "./layout_tests.ts";
import { HARMLESS_NAMES, MACHINE_OF_DENO, MACHINE_OF_NODE } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { usesOf } from "./source_uses.ts";
import type { Import, Uses } from "./source_uses.ts";

/** One source file, by its path in the repository. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A room of `lib/`: a directory with a face `mod.ts`, or a single file. */
export interface Room {
  readonly floor: number;
  /** `stomp`, or `log` for the single file `log.ts`. */
  readonly name: string;
  /** Names of the rooms it may import; `net(types)` for types alone. */
  readonly imports: readonly string[];
  /** What of the machine it may touch; with a file name, only that file may. */
  readonly touches: readonly (Machine | readonly [Machine, string])[];
}

/** What must stay so even if the table is changed: `subject` never imports `others`; all are path prefixes below `lib/`. */
export interface Never {
  readonly subject: string;
  readonly others: readonly string[];
}

/** The rules of the house. */
export interface House {
  readonly rooms: readonly Room[];
  /**
   * The folders of a room, by its name, from the bottom up; `.` stands for the
   * files beside its `mod.ts`. A file imports from its own folder and those that
   * come before it.
   */
  readonly folders: Readonly<Record<string, readonly string[]>>;
  /** Folders of tests/rooms/ that lib/ does not have. */
  readonly testFolders: readonly string[];
  readonly never: readonly Never[];
  /** The files that other programs may import: what they export needs no user here. */
  readonly entries: readonly string[];
}

const MAX_LINES = 400;
const MAX_FILES = 12;
const MAX_MAIN_LINES = 40;

/** Every broken rule, one sentence each, with the file it is in. */
export function brokenRules(
  house: House,
  sources: readonly Source[],
): string[] {
  const broken: string[] = [];
  const imported = new Map<string, string[]>();
  const usesByPath = new Map<string, Uses>();
  for (const source of sources) {
    const { path } = source;
    const say = (text: string) => broken.push(`${path}: ${text}`);
    checkSize(source, say);
    const uses = usesOf(path, source.text);
    usesByPath.set(path, uses);
    if (!path.startsWith("lib/") && path !== "main.ts") continue;
    const room = roomOf(house, path);
    if (path !== "main.ts" && room === undefined) {
      say("belongs to no room of the table");
      continue;
    }
    if (/(^|[/_])(utils?|helpers?|common|misc)([/_.]|$)/.test(path)) {
      say("is named after no duty");
    }
    if (room) checkFolders(house, room, path, uses.imports, say);
    checkMachine(room, path, uses, say);
    imported.set(path, checkImports(house, room, path, uses.imports, say));
  }
  for (const cycle of cycles(imported)) {
    broken.push(`${cycle[0]}: imports itself: ${cycle.join(" → ")}`);
  }
  broken.push(...missingPlaces(house, sources), ...fullFolders(sources));
  broken.push(...misplacedTests(house, usesByPath));
  // A room of one file exports types for its signatures, as any file does.
  const faces = house.rooms.map(({ name }) => `lib/${name}/mod.ts`);
  broken.push(...unusedExports(usesByPath, { ...house, faces }));
  return broken;
}

/** Rooms and folders of the table that have no files. */
function missingPlaces(house: House, sources: readonly Source[]): string[] {
  const missing: string[] = [];
  const say = (place: string) =>
    missing.push(`lib/${place}: is in the table, but not in the tree`);
  for (const room of house.rooms) {
    const inside = sources.filter(({ path }) => isIn(path, room));
    if (inside.length === 0) say(room.name);
    const folders = new Set(inside.map(({ path }) => folderOf(room, path)));
    for (const folder of house.folders[room.name] ?? []) {
      if (!folders.has(folder)) say(`${room.name}/${folder}`);
    }
  }
  return missing;
}

/** Folders in which nothing can be found any more. */
function fullFolders(sources: readonly Source[]): string[] {
  const counts = new Map<string, number>();
  for (const { path } of sources) {
    const folder = posix.dirname(path);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > MAX_FILES)
    .map(([folder, count]) =>
      `${folder}: has ${count} files, the limit is ${MAX_FILES}`
    );
}

/** Within a room, imports go down the list of its folders; its face stands above them all. */
function checkFolders(
  house: House,
  room: Room,
  path: string,
  imports: readonly Import[],
  say: (text: string) => void,
): void {
  const folders = house.folders[room.name] ?? ["."];
  const floorOf = (file: string) =>
    facesOf(room).includes(file)
      ? folders.length
      : folders.indexOf(folderOf(room, file));
  const floor = floorOf(path);
  if (floor < 0) {
    say(`is in a folder that the table does not list`);
    return;
  }
  for (const { specifier } of imports) {
    const target = posix.join(posix.dirname(path), specifier);
    if (
      specifier.startsWith(".") && isIn(target, room) && floorOf(target) > floor
    ) {
      say(`imports from a folder above: ${target}`);
    }
  }
}

function checkSize({ path, text }: Source, say: (text: string) => void): void {
  const lines = text.split("\n").length - 1;
  const limit = path === "main.ts" ? MAX_MAIN_LINES : MAX_LINES;
  if (lines > limit) say(`has ${lines} lines, the limit is ${limit}`);
}

function checkMachine(
  room: Room | undefined,
  path: string,
  uses: Uses,
  say: (text: string) => void,
): void {
  const granted = new Set<Machine>();
  for (const grant of room?.touches ?? ["process" as const]) {
    if (typeof grant === "string") granted.add(grant);
    else if (posix.basename(path) === grant[1]) granted.add(grant[0]);
  }
  for (const member of uses.deno) {
    const machine = MACHINE_OF_DENO.get(member.replace(/Sync$/, ""));
    if (machine === undefined) {
      say(`uses Deno.${member}, which the checker cannot judge`);
    } else if (machine === "nothing") {
      // Harmless, yet a pure room has no business with the runtime at all.
      if (granted.size === 0) say(`uses Deno.${member} in a pure file`);
    } else if (!granted.has(machine)) {
      say(`touches the ${machine} (Deno.${member})`);
    }
  }
  for (const [name, machine] of uses.globals) {
    if (!granted.has(machine)) say(`touches the ${machine} (${name})`);
  }
  for (const { specifier, typesOnly, names } of uses.imports) {
    if (!specifier.startsWith("node:") || typesOnly) continue;
    const harmless = names?.filter((name) => HARMLESS_NAMES.has(name)) ?? [];
    if (harmless.length > 0 && harmless.length === names?.length) continue;
    const machine = MACHINE_OF_NODE.get(specifier);
    if (machine === undefined) {
      say(`imports ${specifier}, which the checker cannot judge`);
    } else if (machine !== "nothing" && !granted.has(machine)) {
      say(`touches the ${machine} (${specifier})`);
    }
  }
}

/** Checks every import of one file; returns the files it imports. */
function checkImports(
  house: House,
  room: Room | undefined,
  path: string,
  imports: readonly Import[],
  say: (text: string) => void,
): string[] {
  const targets: string[] = [];
  for (const { specifier, typesOnly } of imports) {
    if (specifier.startsWith("node:")) continue;
    if (!specifier.startsWith(".")) {
      say(`imports "${specifier}", which is not of this repository`);
      continue;
    }
    const target = posix.join(posix.dirname(path), specifier);
    targets.push(target);
    for (const { subject, others } of house.never) {
      if (!path.startsWith(`lib/${subject}`)) continue;
      for (const other of others) {
        if (target.startsWith(`lib/${other}`)) {
          say(`must never import ${target}`);
        }
      }
    }
    const other = roomOf(house, target);
    if (other === undefined) {
      say(`imports ${target}, which is in no room`);
    } else if (other !== room) {
      checkNeighbour(room, other, target, typesOnly, say);
    }
  }
  return targets;
}

function checkNeighbour(
  room: Room | undefined,
  other: Room,
  target: string,
  typesOnly: boolean,
  say: (text: string) => void,
): void {
  const allowed = room?.imports ?? ["cli"];
  if (!allowed.includes(other.name)) {
    if (!allowed.includes(`${other.name}(types)`)) {
      say(`imports the room ${other.name}`);
    } else if (!typesOnly) {
      say(`imports more than types from the room ${other.name}`);
    }
  }
  if (room && other.floor > room.floor) say(`imports upwards: ${target}`);
  if (!facesOf(other).includes(target)) {
    say(`imports ${target} past its room's mod.ts`);
  }
}

function roomOf(house: House, path: string): Room | undefined {
  return house.rooms.find((room) => isIn(path, room));
}

function isIn(path: string, { name }: Room): boolean {
  return path === `lib/${name}.ts` || path.startsWith(`lib/${name}/`);
}

/** The one file through which other rooms use a room, in the two forms of a room. */
function facesOf({ name }: Room): readonly string[] {
  return [`lib/${name}.ts`, `lib/${name}/mod.ts`];
}

/** The folder of a file below its room, `.` for the room itself. */
function folderOf({ name }: Room, path: string): string {
  return posix.relative(`lib/${name}`, posix.dirname(path)) || ".";
}

/** Every import cycle that a walk from each file meets, as a list that ends where it starts. */
function cycles(imported: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push([...trail.slice(start), path]);
      return;
    }
    if (done.has(path)) return;
    for (const next of imported.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imported.keys()) walk(path, []);
  return found;
}
