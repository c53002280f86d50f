import assert from "node:assert/strict";
import {
  ConfigError,
  type Ini,
  type Loaded,
  readReceiverConfig,
  readSenderConfig,
  readSsm1Config,
} from "../../../../lib/config/mod.ts";
import {
  file,
  RECEIVER,
  SENDER,
  SSM1,
  SURROUNDINGS,
} from "../files/made_files.ts";

function messaging(destination: string): Record<string, string> {
  return { messaging: `destination = ${destination}\npath = /out` };
}

/** Values that a broker would take, and the character that makes each a mistake. */
const REFUSED: [value: string, wrong: string][] = [
  ["/queue/x # cpu", "a blank"],
  ["/queue/x ; cpu", "a blank"],
  ["/queue/x\t# cpu", "U+0009"],
  ["/queue/x#cpu", "#"],
  ["/queue/x#", "#"],
  ["/queue/x;", ";"],
  ['"/queue/x"', '"'],
  ["'/queue/x'", "'"],
  ["/queue/x-${SITE}", "$"],
  ["/queue/{x}", "{"],
  ["/queue/a\u2013b", "U+2013"],
  ["/queue/\u201cx\u201d", "U+201C"],
  ["/queue/x\u200b", "U+200B"],
  ["/queue/x\u00a0y", "U+00A0"],
  ["/queue/\u{1f600}", "U+1F600"],
];

const ROLES: [role: string, read: (text: string) => Loaded<unknown>][] = [
  ["a sender", (text) => readSenderConfig(file(messaging(text), SENDER))],
  ["a receiver", (text) => readReceiverConfig(file(messaging(text), RECEIVER))],
  ["a consumer of SSM1", (text) => ssm1({ consumer: `topic = ${text}` })],
  ["a producer of SSM1", (text) => ssm1({ producer: `topic = ${text}` })],
  ["the answers of SSM1", (text) => ssm1({ producer: `ack = ${text}` })],
];

function ssm1(changed: Record<"consumer" | "producer", string> | object) {
  const sections: Record<string, string> = {};
  for (const [role, line] of Object.entries(changed)) {
    const [key = ""] = line.split(" ");
    const rest = SSM1[role as "consumer" | "producer"].split("\n")
      .filter((other) => !other.startsWith(`${key} `));
    sections[role] = [line, ...rest].join("\n");
  }
  const ini: Ini = file(sections, SSM1);
  return readSsm1Config(ini, SURROUNDINGS);
}

for (const [role, read] of ROLES) {
  Deno.test(`${role} is refused a destination that no broker should make`, () => {
    for (const [value, wrong] of REFUSED) {
      // Files of SSM1 are read as Python 2 reads them: ` ;` begins a comment.
      if (role.includes("SSM1") && value.includes(" ;")) continue;
      assert.throws(() => read(value), (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        const words =
          `"${value}" is not allowed, ${wrong} is no part of such a name;`;
        assert.ok(error.message.includes(words), error.message);
        return true;
      });
    }
  });

  Deno.test(`${role} is told of a destination that brokers may take for another`, () => {
    for (const value of ["queue/x", "/Queue/x", "/queues/x", "/x"]) {
      const { warnings } = read(value);
      const words = `"${value}" begins with neither /queue/ nor /topic/`;
      assert.equal(warnings.length, 1, warnings.join("\n"));
      assert.ok(warnings[0]!.includes(words), warnings[0]);
    }
  });

  Deno.test(`${role} may name whatever brokers have`, () => {
    for (
      const value of [
        "/queue/global.accounting.cpu.central",
        "/queue/x?consumer.priority=5",
        "/queue/a.>",
        "/queue/a,/queue/b",
        "/exchange/name/key",
        "/amq/queue/x",
        "address::queue",
        "x",
      ]
    ) {
      assert.deepEqual(read(value).warnings, [], value);
    }
  });
}

Deno.test("readReceiverConfig() takes # where it is a wildcard", () => {
  for (const value of ["/topic/a.#", "/exchange/e/#", "/topic/#.b"]) {
    const ini = file(messaging(value), RECEIVER);
    const { config, warnings } = readReceiverConfig(ini);
    assert.deepEqual(warnings, []);
    assert.equal(config.messaging.destination, value);
  }
});

Deno.test("readSenderConfig() warns of a topic, readReceiverConfig() does not", () => {
  const sections = messaging("/topic/x");
  assert.deepEqual(readSenderConfig(file(sections, SENDER)).warnings, [
    'Odd value of "destination" in section [messaging] of F, line 2: "/topic/x" is a topic: a broker confirms messages to it that no receiver gets, use a queue',
  ]);
  assert.deepEqual(readReceiverConfig(file(sections, RECEIVER)).warnings, []);
});
