/**
 * The rooms of the house and who may open which door: the design as a table,
 * checked against every file.
 *
 * @module
 */

import assert from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brokenRules } from "./helpers/layout.ts";
import type { House, Source } from "./helpers/layout.ts";
import { BREACHES, SOUND } from "./helpers/layout_breaches.ts";

const EVERYTHING =
  "errors version log time asn1 net pki spool config stomp smime broker credentials ssm";

// Imports only go down, or stay on the floor; across rooms they go to the other
// room's mod.ts. Within a room no file imports itself, over whatever detour.
// deno-fmt-ignore
const HOUSE: House = {
  rooms: [
    // floor, room,  may import                                  may touch
    room(0, "errors",    "nothing",                              []),
    room(0, "version",   "nothing",                              []),
    room(0, "time",      "nothing",                              []),
    room(0, "log",       "errors",                               [["disk", "sinks.ts"], ["terminal", "sinks.ts"]]),
    room(1, "asn1",      "errors",                               []),
    room(1, "net",       "errors asn1",                          ["network"]),
    room(2, "pki",       "errors asn1",                          [["disk", "ca_files.ts"]]),
    room(1, "spool",     "errors",                               ["disk"]),
    room(1, "config",    "errors",                               ["disk"]),
    room(2, "stomp",     "errors time net(types)",               []),
    room(3, "smime",     "errors asn1 pki",                      []),
    room(3, "broker",    "errors log time net(types) stomp",     [["disk", "message_database.ts"], ["disk", "disk_reserve.ts"]]),
    room(3, "credentials", "errors log asn1 net(types) pki smime(types)", ["disk"]),
    room(4, "ssm",       "errors log time pki smime spool stomp", []),
    room(5, "cli",       EVERYTHING,                             ["process", "terminal", "disk"]),
  ],
  // The table implies these; they stay, even if somebody widens a row of it.
  never: [
    { subject: "stomp/",          others: ["pki/", "smime/", "spool/", "config/"] },
    { subject: "broker/",         others: ["ssm/", "smime/", "spool/", "config/"] },
    { subject: "ssm/sender.ts",   others: ["ssm/ssm1/", "ssm/ssm2/"] },
    { subject: "ssm/receiver.ts", others: ["ssm/ssm1/", "ssm/ssm2/"] },
  ],
};

function room(
  floor: number,
  name: string,
  imports: string,
  touches: House["rooms"][number]["touches"],
): House["rooms"][number] {
  const names = imports === "nothing" ? [] : imports.split(" ");
  return { floor, name, imports: names, touches };
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function* sourcesIn(directory: string): AsyncGenerator<Source> {
  for await (const entry of Deno.readDir(directory)) {
    const full = `${directory}/${entry.name}`;
    if (entry.isDirectory) yield* sourcesIn(full);
    if (!entry.isFile || !entry.name.endsWith(".ts")) continue;
    yield { path: relative(ROOT, full), text: await Deno.readTextFile(full) };
  }
}

Deno.test("every file of the project keeps to the rooms of the house", async () => {
  const sources: Source[] = [
    { path: "main.ts", text: await Deno.readTextFile(`${ROOT}/main.ts`) },
  ];
  for (const directory of ["lib", "tests", "scripts"]) {
    for await (const source of sourcesIn(`${ROOT}${directory}`)) {
      sources.push(source);
    }
  }
  assert.deepEqual(brokenRules(HOUSE, sources), []);
});

Deno.test("CONTRIBUTING.md lists the rooms of the house, each below those that it imports", async () => {
  const text = await Deno.readTextFile(`${ROOT}/CONTRIBUTING.md`);
  const [, rooms = ""] = /\n## Rooms\n(.*?)\n## /s.exec(text) ?? [];
  const listed = [...rooms.matchAll(/`lib\/([a-z_0-9]+)(?:\/|\.ts)`/g)]
    .map(([, name]) => name!);
  assert.deepEqual(
    listed.toSorted(),
    HOUSE.rooms.map(({ name }) => name).sort(),
  );
  for (const { name, imports } of HOUSE.rooms) {
    const above = listed.slice(0, listed.indexOf(name));
    for (const other of imports) {
      assert.ok(
        above.includes(other.replace("(types)", "")),
        `${name}: ${other}`,
      );
    }
  }
});

function rulesBrokenBy(changes: Readonly<Record<string, string>>): string[] {
  const files = Object.entries({ ...SOUND, ...changes });
  return brokenRules(HOUSE, files.map(([path, text]) => ({ path, text })));
}

Deno.test("brokenRules() finds nothing in a sound house", () => {
  assert.deepEqual(rulesBrokenBy({}), []);
});

for (const [breach, path, text, said] of BREACHES) {
  Deno.test(`brokenRules() finds ${breach}`, () => {
    const broken = rulesBrokenBy({ [path]: text });
    assert.ok(broken.includes(`${path}: ${said}`), broken.join("\n"));
  });
}

Deno.test("brokenRules() finds a room of the table that has no files", () => {
  const files = Object.entries(SOUND)
    .filter(([path]) => path !== "lib/version.ts")
    .map(([path, text]) => ({ path, text }));
  assert.deepEqual(brokenRules(HOUSE, files), [
    "lib/version: is in the table, but not in the tree",
  ]);
});
