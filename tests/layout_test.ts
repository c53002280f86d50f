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

const EVERYTHING =
  "errors version log log_sinks net pki spool config stomp smime broker ssm";

// Imports only go down, or stay on the floor; across rooms they go to the other
// room's mod.ts. Within a room no file imports itself, over whatever detour.
// deno-fmt-ignore
const HOUSE: House = {
  rooms: [
    // floor, room,  may import                                  may touch
    room(0, "errors",    "nothing",                              []),
    room(0, "version",   "nothing",                              []),
    room(0, "log",       "errors",                               []),
    room(0, "log_sinks", "errors log",                           ["disk", "terminal"]),
    room(1, "net",       "errors",                               ["network"]),
    room(1, "pki",       "errors",                               [["disk", "trust_store.ts"]]),
    room(1, "spool",     "errors",                               ["disk"]),
    room(1, "config",    "errors",                               ["disk"]),
    room(2, "stomp",     "errors net(types)",                    []),
    room(2, "smime",     "errors pki",                           []),
    room(3, "broker",    "errors log net(types) stomp",          []),
    room(3, "ssm",       "errors log pki smime spool stomp",     []),
    room(4, "cli",       EVERYTHING,                             ["process", "terminal", "disk"]),
  ],
  // The table implies these; they stay, even if somebody widens a row of it.
  never: [
    { subject: "stomp/",          others: ["pki/", "smime/", "spool/", "config/"] },
    { subject: "broker/",         others: ["ssm/", "smime/", "spool/", "config/"] },
    { subject: "ssm/sender.ts",   others: ["ssm/ssm1", "ssm/ssm2"] },
    { subject: "ssm/receiver.ts", others: ["ssm/ssm1", "ssm/ssm2"] },
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
  for (const directory of ["lib", "tests", "bench", "scripts"]) {
    for await (const source of sourcesIn(`${ROOT}${directory}`)) {
      sources.push(source);
    }
  }
  assert.deepEqual(brokenRules(HOUSE, sources), []);
});

Deno.test("README.md lists the rooms of the house, all and no others", async () => {
  const readme = await Deno.readTextFile(`${ROOT}/README.md`);
  const listed = readme.matchAll(/^[-*|] *`lib\/([a-z_0-9]+)(?:\/|\.ts)`/gm);
  assert.deepEqual(
    [...listed].map(([, name]) => name).sort(),
    HOUSE.rooms.map(({ name }) => name).sort(),
  );
});

/** A small sound house, in which each test below breaks one thing. */
const SOUND: Readonly<Record<string, string>> = {
  "main.ts": `import { run } from "./lib/cli/mod.ts"; run(Deno.args);`,
  "lib/errors.ts": `export class SsmError extends Error {}`,
  "lib/version.ts": `export const VERSION = "0";`,
  "lib/log.ts": `import { SsmError } from "./errors.ts";`,
  "lib/log_sinks.ts": `Deno.openSync("x"); Deno.stderr.writeSync(line);`,
  "lib/net/mod.ts": `export { dial } from "./dial.ts";`,
  "lib/net/dial.ts": `import { connect } from "node:tls"; Deno.connect({});`,
  "lib/pki/mod.ts": `export * from "./trust_store.ts";`,
  "lib/pki/trust_store.ts": `Deno.readDirSync("certificates");`,
  "lib/spool/mod.ts": `if (error instanceof Deno.errors.NotFound) Deno.link;`,
  "lib/config/mod.ts": `Deno.readTextFileSync("ssm.cfg");`,
  "lib/stomp/mod.ts": `import type { Socket } from "../net/mod.ts";`,
  "lib/smime/mod.ts": `// Deno.connect is a word here, and so is "node:fs".
    import { createHash } from "node:crypto"; const text = "Deno.open";`,
  "lib/broker/mod.ts": `import { Frame } from "../stomp/mod.ts";`,
  "lib/ssm/mod.ts": `import { sign } from "../smime/mod.ts";`,
  "lib/ssm/carrier.ts": ``,
  "lib/ssm/sender.ts": `import type { Carrier } from "./carrier.ts";`,
  "lib/ssm/ssm2.ts": ``,
  "lib/cli/mod.ts": `import "../ssm/mod.ts"; Deno.exit(); console.log();`,
};

function rulesBrokenBy(changes: Readonly<Record<string, string>>): string[] {
  const files = Object.entries({ ...SOUND, ...changes });
  return brokenRules(HOUSE, files.map(([path, text]) => ({ path, text })));
}

Deno.test("brokenRules() finds nothing in a sound house", () => {
  assert.deepEqual(rulesBrokenBy({}), []);
});

const BREACHES: readonly (readonly [
  breach: string,
  path: string,
  text: string,
  said: string,
])[] = [
  [
    "an import upwards",
    "lib/net/dial.ts",
    `import { Frame } from "../stomp/mod.ts";`,
    "imports upwards: lib/stomp/mod.ts",
  ],
  [
    "an import of a room on the same floor that the table does not name",
    "lib/spool/mod.ts",
    `export { readCertificates } from "../pki/mod.ts";`,
    "imports the room pki",
  ],
  [
    "an import past another room's face",
    "lib/smime/mod.ts",
    `import { TrustStore } from "../pki/trust_store.ts";`,
    "imports lib/pki/trust_store.ts past its room's mod.ts",
  ],
  [
    "values where only types may be imported",
    "lib/stomp/mod.ts",
    `import { type Socket, dial } from "../net/mod.ts";`,
    "imports more than types from the room net",
  ],
  [
    "a dynamic import",
    "lib/ssm/mod.ts",
    `const { dial } = await import("../net/mod.ts");`,
    "imports the room net",
  ],
  [
    "a type taken by an inline import",
    "lib/pki/mod.ts",
    `let entry: import("../spool/mod.ts").Entry;`,
    "imports the room spool",
  ],
  [
    "an import on the Never list",
    "lib/ssm/sender.ts",
    `import { Ssm2 } from "./ssm2.ts";`,
    "must never import lib/ssm/ssm2.ts",
  ],
  [
    "anybody who imports the command room",
    "lib/ssm/mod.ts",
    `import { run } from "../cli/mod.ts";`,
    "imports the room cli",
  ],
  [
    "main.ts that knows more than the command room",
    "main.ts",
    `import { Sender } from "./lib/ssm/mod.ts";`,
    "imports the room ssm",
  ],
  [
    "a package from elsewhere",
    "lib/pki/mod.ts",
    `import forge from "npm:node-forge";`,
    `imports "npm:node-forge", which is not of this repository`,
  ],
  [
    "a circle of files",
    "lib/ssm/carrier.ts",
    `export type { Sender } from "./sender.ts";`,
    "imports itself: lib/ssm/carrier.ts → lib/ssm/sender.ts → lib/ssm/carrier.ts",
  ],
  [
    "a socket outside net",
    "lib/cli/mod.ts",
    `Deno.listen({ port: 0 });`,
    "touches the network (Deno.listen)",
  ],
  [
    "a socket of Node's outside net",
    "lib/broker/mod.ts",
    `import { createServer } from "node:tls";`,
    "touches the network (node:tls)",
  ],
  [
    "fetch",
    "lib/spool/mod.ts",
    `await fetch("http://localhost");`,
    "touches the network (fetch)",
  ],
  [
    "the disk outside the rooms of the disk",
    "lib/ssm/mod.ts",
    `await Deno.readFile("x");`,
    "touches the disk (Deno.readFile)",
  ],
  [
    "the disk outside the one file that may",
    "lib/pki/mod.ts",
    `Deno["statSync"]("x");`,
    "touches the disk (Deno.statSync)",
  ],
  [
    "the environment outside the command room",
    "lib/config/mod.ts",
    `Deno.env.get("HOME");`,
    "touches the process (Deno.env)",
  ],
  [
    "an exit outside the command room",
    "lib/ssm/mod.ts",
    `process.exit(1);`,
    "touches the process (process)",
  ],
  [
    "console outside the command room",
    "lib/net/mod.ts",
    `console.error("lost");`,
    "touches the terminal (console)",
  ],
  [
    "the runtime in a pure file, however harmless",
    "lib/smime/mod.ts",
    `Deno.inspect({});`,
    "uses Deno.inspect in a pure file",
  ],
  [
    "the runtime as a whole",
    "lib/spool/mod.ts",
    `const { readFile } = Deno;`,
    "uses Deno.*, which the checker cannot judge",
  ],
  [
    "a module whose reach is unknown",
    "lib/spool/mod.ts",
    `import { x } from "node:repl";`,
    "imports node:repl, which the checker cannot judge",
  ],
  [
    "a file of more than 400 lines",
    "lib/log.ts",
    "\n".repeat(401),
    "has 401 lines, the limit is 400",
  ],
  [
    "a main.ts of more than 40 lines",
    "main.ts",
    "\n".repeat(41),
    "has 41 lines, the limit is 40",
  ],
  [
    "a file in no room",
    "lib/stray.ts",
    "",
    "belongs to no room of the table",
  ],
  [
    "a file named after no duty",
    "lib/stomp/utils.ts",
    "",
    "is named after no duty",
  ],
];

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
