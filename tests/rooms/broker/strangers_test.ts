import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { userTable } from "../../../lib/broker/mod.ts";
import type { Part } from "../../peers/parts.ts";
import { testStranger } from "../../peers/strangers.ts";
import { TestBroker } from "../../kit/net/test_broker.ts";

/** A client that others wrote, and a script that drives it. */
interface Stranger {
  readonly name: string;
  readonly part: Part;
  readonly command: readonly [string, string];
  /** STOMP versions it speaks; none if it cannot be told which. */
  readonly versions: readonly string[];
  readonly cases: readonly string[];
}

const CASES = [
  "text",
  "bytes",
  "transaction",
  "redelivery",
  "nack",
  "topic",
  "receipts",
  "durable",
  "browse",
  "password",
  "escapes",
];

const STRANGERS: readonly Stranger[] = [
  {
    name: "ruby-stomp",
    part: "ruby-stomp",
    command: ["ruby", "../../peers/clients/stomp_client.rb"],
    versions: ["1.0", "1.1", "1.2"],
    cases: [...CASES, "heart-beats"],
  },
  {
    name: "Net::Stomp",
    part: "net-stomp",
    command: ["perl", "../../peers/clients/stomp_client.pl"],
    versions: ["1.0", "1.1", "1.2"],
    cases: CASES,
  },
  {
    name: "php-stomp",
    part: "php-stomp",
    command: ["php", "../../peers/clients/stomp_client.php"],
    versions: [],
    cases: CASES.filter((name) => name !== "escapes"),
  },
];

/** What there is not in STOMP 1.0. */
const NOT_IN_1_0 = ["escapes", "nack", "heart-beats"];

for (const { name, part, command, versions, cases } of STRANGERS) {
  for (const version of versions.length === 0 ? [undefined] : versions) {
    const peer = version === undefined ? name : `${name} ${version}`;
    for (const what of cases) {
      if (version === "1.0" && NOT_IN_1_0.includes(what)) continue;
      testStranger({ peer, parts: [part] }, what, async () => {
        await using server = await TestBroker.start({
          authenticate: userTable(new Map([["alice", "secret"]])),
          heartBeat: { sendMs: 200, receiveMs: 200 },
        });
        const [program, script] = command;
        const { code, stderr } = await new Deno.Command(program, {
          args: [
            fileURLToPath(new URL(script, import.meta.url)),
            String(server.port),
            ...(version === undefined ? [] : [version]),
            what,
          ],
          stdin: "null",
        }).output();
        assert.equal(code, 0, new TextDecoder().decode(stderr));
      });
    }
  }
}
