/**
 * The rooms of the house and who may open which door: the design as a table,
 * checked against every file.
 *
 * @module
 */

import assert from "node:assert/strict";
import { posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../../../deno.json" with { type: "json" };
import { brokenRules } from "./layout.ts";
import type { House, Source } from "./layout.ts";
import { BREACHES, SOUND, SOUND_FOLDERS } from "./layout_breaches.ts";

const EVERYTHING =
  "bytes errors file_state version log time asn1 net pki spool config ams stomp smime broker credentials ssm";

// Imports only go down, or stay on the floor; across rooms they go to the other
// room's mod.ts. Within a room no file imports itself, not even by a detour.
// deno-fmt-ignore
const HOUSE: House = {
  rooms: [
    // floor, room,        may import                                                             may touch
    room(0, "errors",      "nothing",                                                             []),
    room(0, "version",     "nothing",                                                             []),
    room(0, "bytes",       "nothing",                                                             []),
    room(0, "file_state",  "nothing",                                                             []),
    room(0, "time",        "nothing",                                                             [["clock", "clock.ts"]]),
    room(0, "log",         "errors time",                                                         [["disk", "sinks.ts"], ["terminal", "sinks.ts"]]),
    room(1, "asn1",        "bytes errors",                                                        []),
    room(1, "net",         "bytes errors time asn1",                                              ["network"]),
    room(2, "pki",         "bytes errors file_state time asn1",                                   [["disk", "ca_files.ts"]]),
    room(1, "spool",       "errors file_state time",                                              ["disk"]),
    room(1, "config",      "errors",                                                              ["disk"]),
    room(3, "ams",         "errors log time net pki",                                             []),
    room(2, "stomp",       "bytes errors time net(types)",                                        []),
    room(3, "smime",       "bytes errors time asn1 pki",                                          []),
    room(3, "broker",      "errors log time net stomp",                                           [["disk", "message_database.ts"], ["disk", "disk_reserve.ts"]]),
    room(3, "credentials", "errors file_state time log asn1 net(types) pki smime(types)",         ["disk"]),
    room(4, "ssm",         "bytes errors log time pki smime spool ams stomp",                     []),
    room(5, "cli",         EVERYTHING,                                                            ["process", "terminal", "disk"]),
  ],
  // Within a room, from the bottom up; "." are the files beside its mod.ts.
  folders: {
    net:    ["tcp", "proxy", "tls", ".", "http"],
    pki:    ["certificate", "signature", "crl", "path", "key", "directory"],
    spool:  [".", "disk", "memory", "dirq", "plain", "ssm1", "inspection"],
    config: [".", "ini", "schema", "tables", "files", "ssm1", "log_conf"],
    ams:    ["call", "message", "user", "."],
    stomp:  ["frame", "connection", "client", "reconnecting"],
    smime:  ["mime", "cms", "."],
    broker: ["message", "limits", "access", "store", "queues", "routing", "subscription", "session", "ams_topics", "ams", "."],
    ssm:    [".", "splitting", "sending", "receiving", "retry", "ssm2", "ssm1", "ams", "ams/sending", "ams/receiving", "inspection"],
    cli:    ["command", "process", "state", "broker", "wiring/carriers", "wiring", "tools", "demo", "views", "operate", "check/finding", "check/subject", "check/local", "check/network", "check", "status", "commands"],
  },
  // Of single commands; and of SSM1 as a whole, against programs that others wrote.
  testFolders: ["cli/send", "cli/receive", "ssm/ssm1_foreign"],
  // The table implies these; they stay, even if somebody widens a row of it.
  never: [
    { subject: "ams/",            others: ["smime/", "spool/", "config/", "stomp/"] },
    { subject: "stomp/",          others: ["pki/", "smime/", "spool/", "config/"] },
    { subject: "broker/",         others: ["ssm/", "smime/", "spool/", "config/"] },
    { subject: "ssm/sending/",    others: ["ssm/ssm1/", "ssm/ssm2/"] },
    { subject: "ssm/receiving/",  others: ["ssm/ssm1/", "ssm/ssm2/"] },
  ],
  entries: Object.values(project.exports).map((path) => posix.normalize(path)),
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

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

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
  const house = { ...HOUSE, folders: SOUND_FOLDERS };
  return brokenRules(house, files.map(([path, text]) => ({ path, text })));
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

Deno.test("brokenRules() finds rooms and folders of the table that have no files", () => {
  const files = Object.entries(SOUND)
    .filter(([path]) => !/^lib\/(time|ssm\/ssm2)\//.test(path))
    .map(([path, text]) => ({ path, text }));
  assert.deepEqual(brokenRules({ ...HOUSE, folders: SOUND_FOLDERS }, files), [
    "lib/time: is in the table, but not in the tree",
    "lib/ssm/ssm2: is in the table, but not in the tree",
  ]);
});

Deno.test("brokenRules() finds a folder in which too many files lie", () => {
  const numbers = Array.from({ length: 13 }, (_, number) => number);
  const many = Object.fromEntries(
    numbers.map((number) => [`lib/ssm/ssm2/file_${number}.ts`, ""]),
  );
  assert.ok(
    rulesBrokenBy(many).includes("lib/ssm/ssm2: has 14 files, the limit is 12"),
  );
});
