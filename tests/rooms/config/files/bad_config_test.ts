import assert from "node:assert/strict";
import { ConfigError, readSenderConfig } from "../../../../lib/config/mod.ts";
import { file, SENDER, stompBroker } from "./made_files.ts";

/** Section, its bad line, and the end of the message. */
const BAD: [section: keyof typeof SENDER, line: string, state: string][] = [
  [
    "broker",
    "port = http",
    '"http" is not allowed; it must be a whole number from 1 to 65535',
  ],
  [
    "broker",
    "port = 0",
    '"0" is not allowed; it must be a whole number from 1 to 65535',
  ],
  [
    "broker",
    "port = 65536",
    '"65536" is not allowed; it must be a whole number from 1 to 65535',
  ],
  [
    "broker",
    "port = 61613 ; comment",
    '"61613 ; comment" is not allowed; it must be a whole number from 1 to 65535',
  ],
  [
    "broker",
    "use_ssl = maybe",
    '"maybe" is not allowed; it must be true, yes, on or 1, or false, no, off or 0',
  ],
  [
    "broker",
    "use_ssl =",
    "it is empty; it must be true, yes, on or 1, or false, no, off or 0",
  ],
  [
    "broker",
    "heart_beat = -1",
    '"-1" is not allowed; it must be a number of seconds from 0 to 3600',
  ],
  [
    "broker",
    "connect_timeout = 0",
    '"0" is not allowed; it must be a number of seconds from 1 to 600',
  ],
  [
    "broker",
    "receipt_timeout = 1m",
    '"1m" is not allowed; it must be a number of seconds from 1 to 86400',
  ],
  [
    "certificates",
    "cipher = des3",
    '"des3" is not allowed; it must be one of aes128, aes192, aes256',
  ],
  ["certificates", "server_cert =", "it is empty; it must be a path"],
  [
    "messaging",
    "path_type = Dirq",
    '"Dirq" is not allowed; it must be one of dirq, directory',
  ],
  [
    "messaging",
    "window = 0",
    '"0" is not allowed; it must be a whole number from 1 to 1000',
  ],
  [
    "messaging",
    "window = 1.5",
    '"1.5" is not allowed; it must be a whole number from 1 to 1000',
  ],
  [
    "messaging",
    "max_message_size = 2T",
    '"2T" is not allowed; it must be a number of bytes, or of K, M or G, such as 512K or 100M',
  ],
  [
    "messaging",
    "umask = 0777",
    '"0777" is not allowed; it must be three octal digits such as 027, which leave the owner\'s rights',
  ],
  [
    "messaging",
    "umask = 029",
    '"029" is not allowed; it must be three octal digits such as 027, which leave the owner\'s rights',
  ],
  [
    "logging",
    "level = verbose",
    '"verbose" is not allowed; it must be one of DEBUG, INFO, WARN, ERROR, CRITICAL',
  ],
  [
    "logging",
    "format = xml",
    '"xml" is not allowed; it must be one of text, json',
  ],
  [
    "sender",
    "protocol = stomp",
    '"stomp" is not allowed; it must be one of STOMP, AMS',
  ],
];

for (const [section, line, state] of BAD) {
  Deno.test(`[${section}] ${line} is refused with file, line, key and what is allowed`, () => {
    const key = line.split(" ")[0]!;
    const others = SENDER[section].split("\n")
      .filter((other) => !other.startsWith(`${key} `));
    const ini = file({ [section]: [...others, line].join("\n") }, SENDER);
    const number = others.length + 2;
    assert.throws(() => readSenderConfig(ini), {
      name: "ConfigError",
      code: "CONFIG",
      file: "F",
      line: number,
      section,
      key,
      message:
        `Cannot use "${key}" in section [${section}] of F, line ${number}: ${state}`,
    });
  });
}

const MISSING: [section: keyof typeof SENDER, key: string][] = [
  ["broker", "host"],
  ["certificates", "certificate"],
  ["certificates", "key"],
  ["certificates", "capath"],
  ["messaging", "destination"],
  ["messaging", "path"],
];

for (const [section, key] of MISSING) {
  Deno.test(`a missing ${section}.${key} is refused`, () => {
    const others = SENDER[section].split("\n")
      .filter((line) => !line.startsWith(`${key} `));
    const ini = file({ [section]: others.join("\n") }, SENDER);
    assert.throws(
      () => readSenderConfig(ini),
      (error: unknown) =>
        error instanceof ConfigError && error.key === key &&
        error.section === section && error.message.includes("it is missing"),
    );
  });
}

Deno.test("a missing section is refused by its name", () => {
  const { broker: _, ...without } = SENDER;
  assert.throws(() => readSenderConfig(file(without)), {
    code: "CONFIG",
    message: "Cannot use F: section [broker] is missing",
  });
});

Deno.test("server_cert must not be the own certificate", () => {
  const certificates = `${SENDER.certificates}\nserver_cert = //c`;
  assert.throws(() => readSenderConfig(file({ ...SENDER, certificates })), {
    code: "CONFIG",
    key: "server_cert",
  });
});

Deno.test("passcodes are checked, and never shown", () => {
  const read = (lines: string) =>
    stompBroker(file({ ...SENDER, broker: `${SENDER.broker}\n${lines}` }));
  const { login, passcode } = read("login = me\npasscode = s3cret");
  assert.deepEqual([login, passcode], ["me", "s3cret"]);
  for (
    const lines of [
      "passcode = s3cret",
      "passcode_file = /p",
      "login = me\npasscode = s3cret\npasscode_file = /p",
      "login = me\npasscode = s3cret%",
    ]
  ) {
    assert.throws(
      () => read(lines),
      (error: unknown) =>
        error instanceof ConfigError && !error.message.includes("s3cret"),
      lines,
    );
  }
});

const UNKNOWN: [sections: Record<string, string>, warning: string][] = [
  [
    { broker: `${SENDER.broker}\nuse-ssl = true` },
    'Unknown key "use-ssl" in section [broker] of F, line 4: did you mean "use_ssl"?',
  ],
  [
    { messaging: `${SENDER.messaging}\nwidnow = 2` },
    'Unknown key "widnow" in section [messaging] of F, line 4: did you mean "window"?',
  ],
  [
    { messaging: `${SENDER.messaging}\ncolour = red` },
    'Unknown key "colour" in section [messaging] of F, line 4',
  ],
  [
    { broker: `${SENDER.broker}\nbdii = ldap://x` },
    'Obsolete key "bdii" in section [broker] of F, line 4: brokers are not looked up in a BDII any more',
  ],
  [
    { Logging: "x = 1" },
    'Unknown section [Logging] in F: did you mean "logging"?',
  ],
  [{ weather: "x = 1" }, "Unknown section [weather] in F"],
];

for (const [sections, warning] of UNKNOWN) {
  Deno.test(`warns: ${warning}`, () => {
    const { warnings } = readSenderConfig(file(sections, SENDER));
    assert.deepEqual(warnings, [warning]);
  });
}

Deno.test("a key of another role, or in DEFAULT, is no reason for a warning", () => {
  const both = file({
    DEFAULT: "base = /var/spool",
    messaging: "destination = q\npath = %(base)s/out\ndn_file = /dns",
    daemon: "pidfile = /pid",
    receiver: "",
    stompserver: "port = 1",
  }, SENDER);
  const { config, warnings } = readSenderConfig(both);
  assert.deepEqual(warnings, []);
  assert.equal(config.messaging.path, "/var/spool/out");
});
