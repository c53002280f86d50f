/**
 * Which tests are not where they belong, and what they must not import.
 *
 * @module
 */
import { posix } from "node:path";
import type { House, Room } from "./layout.ts";
import type { Uses } from "./source_uses.ts";

/** Folders of tests/, and whose helpers each may use besides its own. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  kit: ["peers"],
  peers: ["kit"],
  rooms: ["kit", "peers"],
  proofs: ["kit", "peers"],
  house: ["kit", "peers"],
};

/** The one file that lies beside the folders: it runs them all. */
const RUNNER = "tests/run.ts";

/** Every test and helper in the wrong place, and every import of what is not theirs; one sentence each. */
export function misplacedTests(
  house: Pick<House, "rooms" | "folders" | "testFolders">,
  files: ReadonlyMap<string, Uses>,
): string[] {
  const broken: string[] = [];
  for (const [path, { imports }] of files) {
    if (!path.startsWith("tests/") || path === RUNNER) continue;
    const folder = path.split("/")[1]!;
    const mayUse = MAY_USE[folder];
    if (mayUse === undefined) {
      broken.push(`${path}: is in no folder of tests/ that the table lists`);
      continue;
    }
    if (folder === "rooms" && !mirrorsLib(house, path)) {
      broken.push(`${path}: mirrors no room or folder of lib/`);
    }
    const allowed = [...mayUse.map((name) => `tests/${name}`), homeOf(path)];
    for (const { specifier } of imports) {
      if (!specifier.startsWith(".")) continue;
      const target = posix.join(posix.dirname(path), specifier);
      if (!target.startsWith("tests/")) continue;
      if (!allowed.some((place) => target.startsWith(`${place}/`))) {
        broken.push(
          `${path}: imports ${target}, which is neither its own nor shared`,
        );
      }
    }
  }
  return broken;
}

/** What may be used by a file because it lies together with it: its room, or its folder of tests/. */
function homeOf(path: string): string {
  const parts = path.split("/");
  return parts.slice(0, parts[1] === "rooms" ? 3 : 2).join("/");
}

function mirrorsLib(
  { rooms, folders, testFolders }: Parameters<typeof misplacedTests>[0],
  path: string,
): boolean {
  const below = posix.relative("tests/rooms", path);
  const directory = posix.dirname(below);
  const isRoom = (name: string) =>
    rooms.some((room: Room) => room.name === name);
  if (directory === ".") return isRoom(below.replace(/_test\.ts$/, ""));
  const [room, ...rest] = directory.split("/");
  const folder = rest.join("/");
  return isRoom(room!) && (folder === "" || testFolders.includes(directory) ||
    folders[room!]?.includes(folder) === true);
}
