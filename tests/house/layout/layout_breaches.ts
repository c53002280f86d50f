/**
 * Made-up sources that keep to the rooms of the house, and changes to them that
 * do not.
 *
 * @module
 */

/** The folders of the small house. */
export const SOUND_FOLDERS = { ssm: [".", "sending", "ssm2"] };

/** A small sound house, by path. */
export const SOUND: Readonly<Record<string, string>> = {
  "main.ts": `import { run } from "./lib/cli/mod.ts"; run(Deno.args);`,
  "lib/errors.ts": `export class SsmError extends Error {}`,
  "lib/bytes.ts": ``,
  "lib/file_state.ts": ``,
  "lib/version.ts": `export const VERSION = "0";`,
  "lib/time/mod.ts": ``,
  "lib/log/mod.ts": `import { SsmError } from "../errors.ts";`,
  "lib/log/sinks.ts": `Deno.openSync("x"); Deno.stderr.writeSync(line);`,
  "lib/asn1/mod.ts": ``,
  "lib/credentials/mod.ts": `Deno.readTextFileSync("key");`,
  "lib/net/mod.ts": `export { dial } from "./dial.ts";`,
  "lib/net/dial.ts": `import { connect } from "node:tls"; Deno.connect({});`,
  "lib/pki/mod.ts": `export * from "./ca_files.ts";
    import { isIP } from "node:net";`,
  "lib/pki/ca_files.ts": `Deno.readDirSync("certificates");`,
  "lib/spool/mod.ts": `if (error instanceof Deno.errors.NotFound) Deno.link;`,
  "lib/config/mod.ts": `Deno.readTextFileSync("ssm.cfg");`,
  "lib/ams/mod.ts": `import { HttpClient } from "../net/mod.ts";`,
  "lib/stomp/mod.ts": `import type { Socket } from "../net/mod.ts";`,
  "lib/smime/mod.ts": `// Deno.connect is a word here, and so is "node:fs".
    import { createHash } from "node:crypto"; const text = "Deno.open";`,
  "lib/broker/mod.ts": `import { Frame } from "../stomp/mod.ts";`,
  "lib/ssm/mod.ts": `import { sign } from "../smime/mod.ts";`,
  "lib/ssm/carrier.ts": ``,
  "lib/ssm/sending/sender.ts": `import type { Carrier } from "../carrier.ts";
    export interface Sender {}`,
  "lib/ssm/ssm2/outgoing.ts": ``,
  "tests/run.ts": `import { Tally } from "./house/tally.ts";`,
  "tests/house/tally.ts": `export class Tally {}`,
  "tests/kit/clocks.ts": `export class ManualClock {}`,
  "tests/peers/parts.ts": ``,
  "tests/proofs/fuzz/main.ts": ``,
  "tests/rooms/errors_test.ts": ``,
  "tests/rooms/ssm/activemq_test.ts": `import "../../peers/parts.ts";`,
  "tests/rooms/ssm/sending/stage.ts": ``,
  "tests/rooms/ssm/ssm2/outgoing_test.ts": `import "../sending/stage.ts";
    import { ManualClock } from "../../../kit/clocks.ts";`,
  "lib/cli/mod.ts": `import { VERSION } from "../version.ts";
    import "../ssm/mod.ts"; Deno.exit(); console.log();`,
};

/** What each breach is, the file that commits it, and what is said of it. */
export const BREACHES: readonly (readonly [
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
    `import { CaFiles } from "../pki/ca_files.ts";`,
    "imports lib/pki/ca_files.ts past its room's mod.ts",
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
    "lib/ssm/sending/sender.ts",
    `import { Ssm2 } from "../ssm2/outgoing.ts";`,
    "must never import lib/ssm/ssm2/outgoing.ts",
  ],
  [
    "an import from a folder above",
    "lib/ssm/carrier.ts",
    `export type { Ssm2 } from "./ssm2/outgoing.ts";`,
    "imports from a folder above: lib/ssm/ssm2/outgoing.ts",
  ],
  [
    "a file that imports the face of its own room",
    "lib/ssm/carrier.ts",
    `import type { Sender } from "./mod.ts";`,
    "imports from a folder above: lib/ssm/mod.ts",
  ],
  [
    "a folder that the table does not list",
    "lib/ssm/ssm3/outgoing.ts",
    "",
    "is in a folder that the table does not list",
  ],
  [
    "a name of a face that nobody uses, though its own room does",
    "lib/asn1/mod.ts",
    `export type { Node } from "./read.ts";`,
    "exports Node, which nobody uses",
  ],
  [
    "a name that a face passes on with all others, and nobody uses",
    "lib/ssm/mod.ts",
    `export * from "./sending/sender.ts";`,
    "exports Sender, which nobody uses",
  ],
  [
    "a value that nobody imports",
    "lib/ssm/carrier.ts",
    `export const carry = () => {};`,
    "exports carry, which nobody uses",
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
    `export type { Sender } from "./sending/sender.ts";`,
    "imports itself: lib/ssm/carrier.ts → lib/ssm/sending/sender.ts → lib/ssm/carrier.ts",
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
    "a module of the network imported as a whole",
    "lib/pki/mod.ts",
    `import * as net from "node:net";`,
    "touches the network (node:net)",
  ],
  [
    "a module of the network that a file passes on",
    "lib/pki/mod.ts",
    `export { connect } from "node:net";`,
    "touches the network (node:net)",
  ],
  [
    "the time of day that is not asked of a clock",
    "lib/spool/mod.ts",
    `const now = Date.now();`,
    "touches the clock (Date.now)",
  ],
  [
    "the date that is not asked of a clock",
    "lib/spool/mod.ts",
    `const zero = new Date(0), now = new Date();`,
    "touches the clock (new Date())",
  ],
  [
    "a timer that no clock sets",
    "lib/ssm/mod.ts",
    `setTimeout(() => {}, 10);`,
    "touches the clock (setTimeout)",
  ],
  [
    "a wait by no clock",
    "lib/stomp/mod.ts",
    `import { setImmediate, setTimeout } from "node:timers/promises";`,
    "touches the clock (node:timers/promises)",
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
    "lib/log/mod.ts",
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
    "a test in a folder that its room does not have",
    "tests/rooms/ssm/ssm3/outgoing_test.ts",
    "",
    "mirrors no room or folder of lib/",
  ],
  [
    "a test of a room that does not exist",
    "tests/rooms/strangers_test.ts",
    "",
    "mirrors no room or folder of lib/",
  ],
  [
    "a test beside the folders of the tests",
    "tests/helpers/clock.ts",
    "",
    "is in no folder of tests/ that the table lists",
  ],
  [
    "a helper for all that needs a room's",
    "tests/kit/clocks.ts",
    `import "../rooms/ssm/sending/stage.ts"; export class ManualClock {}`,
    "imports tests/rooms/ssm/sending/stage.ts, which is neither its own nor shared",
  ],
  [
    "a test that uses the helpers of another room",
    "tests/rooms/stomp/client_test.ts",
    `import "../ssm/sending/stage.ts";`,
    "imports tests/rooms/ssm/sending/stage.ts, which is neither its own nor shared",
  ],
  [
    "a proof that uses the helpers of a room",
    "tests/proofs/fuzz/main.ts",
    `import "../../rooms/ssm/sending/stage.ts";`,
    "imports tests/rooms/ssm/sending/stage.ts, which is neither its own nor shared",
  ],
  [
    "a helper that nobody uses",
    "tests/kit/text.ts",
    `export const text = () => {};`,
    "exports text, which nobody uses",
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
