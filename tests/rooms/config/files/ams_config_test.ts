import assert from "node:assert/strict";
import {
  parseIni,
  readReceiverConfig,
  readSenderConfig,
} from "../../../../lib/config/mod.ts";
import {
  AMS_RECEIVER,
  AMS_SENDER,
  file,
  RECEIVER,
  SENDER,
} from "./made_files.ts";

Deno.test("readSenderConfig() fills in every default of AMS", () => {
  const { config, warnings, secrets } = readSenderConfig(file(AMS_SENDER));
  assert.deepEqual([warnings, secrets], [[], []]);
  assert.deepEqual(config.broker, {
    protocol: "AMS",
    host: "msg.example",
    port: 443,
    authnPort: 8443,
    project: "accounting",
    user: { from: "certificate" },
    trust: "public",
    timeoutMs: 30_000,
    retryForMs: 60_000,
    batch: 100,
    batchBytes: 8 << 20,
    messageLimit: 1_000_000,
  });
  assert.deepEqual(config.messaging, {
    destination: "gLite-APEL",
    path: "/out",
    pathType: "dirq",
    window: 200,
    maxMessageBytes: 100 << 20,
    split: "no",
    minFileAgeMs: 1000,
    maxLockMs: 600_000,
    umask: 0o027,
  });
});

Deno.test("readReceiverConfig() fills in every default of AMS", () => {
  const { config, warnings, secrets } = readReceiverConfig(file(AMS_RECEIVER));
  assert.deepEqual([warnings, secrets], [[], []]);
  assert.deepEqual(config.broker, {
    protocol: "AMS",
    host: "msg.example",
    port: 443,
    authnPort: 8443,
    project: "accounting",
    user: { from: "certificate" },
    trust: "public",
    timeoutMs: 30_000,
    batchBytes: 8 << 20,
    pollPauseMs: 10_000,
    skipBroken: false,
  });
  assert.deepEqual(config.messaging, {
    destination: "sub",
    path: "/spool",
    dnFile: "/etc/apel/dns",
    window: 300,
    maxMessageBytes: 256 << 20,
    remembered: 100_000,
    umask: 0o027,
  });
});

Deno.test("a configuration of AMS cannot be changed", () => {
  const sender = readSenderConfig(file(AMS_SENDER)).config;
  const receiver = readReceiverConfig(file(AMS_RECEIVER)).config;
  for (const config of [sender, receiver]) {
    for (const part of [config, config.broker, config.messaging]) {
      assert.ok(Object.isFrozen(part));
    }
  }
});

/** Files for AMS as the versions of the Python original brought them, the empty keys filled in. */
const ORIGINALS: [version: string, broker: string, messaging: string][] = [
  [
    "4.0.0",
    "host: msg.example.org\nport: 443\nuse_ssl: true",
    "ams_project: accounting\ndestination: gLite-APEL\npath: /p\npath_type: dirq",
  ],
  [
    "3.3.1",
    "bdii: ldap://lcg-bdii.cern.ch:2170\nnetwork: PROD\nhost: msg.example.org\n#port: 443\nuse_ssl: true",
    "ams_project: accounting\ndestination: gLite-APEL\ntoken:\npath: /p",
  ],
  [
    "2.4.0",
    "host: msg.example.org\nuse_ssl: false",
    "ams_project: accounting\ndestination: eu-egi-cloud-accounting\ntoken: 1234abcd\npath: /p",
  ],
];

for (const [version, broker, messaging] of ORIGINALS) {
  Deno.test(`a file of the Python original ${version} with protocol: AMS is read without a word`, () => {
    const { certificates } = SENDER;
    const rest = { broker, certificates, messaging };
    const sender = readSenderConfig(
      file({ sender: "protocol: AMS", ...rest }),
    );
    const receiver = readReceiverConfig(
      file({ receiver: "protocol: AMS", ...rest }),
    );
    for (const { config, warnings } of [sender, receiver]) {
      assert.deepEqual(warnings, []);
      assert.ok(config.broker.protocol === "AMS");
      assert.equal(config.broker.host, "msg.example.org");
      assert.equal(config.broker.port, 443);
    }
  });
}

Deno.test("the file of the Python original says which of its empty keys must be filled in", () => {
  const sender = parseIni(
    "[sender]\nprotocol: AMS\n[broker]\nhost:\nport: 443\n",
    "F",
  );
  assert.throws(() => readSenderConfig(sender), {
    message:
      /^Cannot use "host" in section \[broker\] of F, line 4: it is empty; it must be one host name/,
  });
  const messaging = "ams_project: accounting\ndestination:\npath: /p";
  assert.throws(
    () => readReceiverConfig(file({ ...AMS_RECEIVER, messaging })),
    {
      message:
        'Cannot use "destination" in section [messaging] of F, line 11: it is empty; it must be a name of ASCII letters, digits, _ and -',
    },
  );
});

const USERS: [written: string, user: unknown, secrets: string[]][] = [
  ["", { from: "certificate" }, []],
  ["token =", { from: "certificate" }, []],
  ["token = t0k/en+=", { from: "configuration", token: "t0k/en+=" }, ["token"]],
  ["token = 100%%", { from: "configuration", token: "100%" }, ["token"]],
  ["token_file = /t", { from: "file", path: "/t" }, []],
  ["token =\ntoken_file = /t", { from: "file", path: "/t" }, []],
];

for (const [written, user, secrets] of USERS) {
  Deno.test(`${JSON.stringify(written)} is ${JSON.stringify(user)}`, () => {
    const messaging = `${AMS_SENDER.messaging}\n${written}`;
    const read = readSenderConfig(file({ ...AMS_SENDER, messaging }));
    assert.ok(read.config.broker.protocol === "AMS");
    assert.deepEqual(read.config.broker.user, user);
    assert.deepEqual(read.secrets, secrets);
  });
}

const PORTS: [broker: string, messaging: string, port: number][] = [
  ["host = h", "", 443],
  ["host = h\nport = 61613", "", 443],
  ["host = h:8443\nport = 443", "token = t", 8443],
  ["host = [::1]:444", "token_file = /t", 444],
  ["host = h:444\nauthn_port = 444", "", 444],
  ["host = h\nauthn_port = 444", "", 443],
];

for (const [broker, more, port] of PORTS) {
  Deno.test(`${JSON.stringify(broker)} ${more} is port ${port}`, () => {
    const messaging = `${AMS_SENDER.messaging}\n${more}`;
    const read = readSenderConfig(file({ ...AMS_SENDER, broker, messaging }));
    assert.ok(read.config.broker.protocol === "AMS");
    assert.equal(read.config.broker.port, port);
    assert.deepEqual(read.warnings, []);
  });
}

const BAD: [section: "broker" | "messaging", line: string, state: string][] = [
  [
    "broker",
    "host = h:444",
    "there is a port, but neither token nor authn_port",
  ],
  [
    "broker",
    "host = a, b",
    '"a, b" is not allowed, these are several hosts; it must be one host name or address, with or without :port; an IPv6 address with a port is written [address]:port',
  ],
  [
    "broker",
    "host = https://h",
    '"https://h" is not allowed, a host is written without a scheme; it must be one host name or address, with or without :port; an IPv6 address with a port is written [address]:port',
  ],
  [
    "broker",
    "authn_port = 0",
    '"0" is not allowed; it must be a whole number from 1 to 65535',
  ],
  [
    "broker",
    "ams_trust = none",
    '"none" is not allowed; it must be one of public, capath',
  ],
  [
    "messaging",
    "ams_project = my project",
    '"my project" is not allowed; it must be a name of ASCII letters, digits, _ and -',
  ],
  [
    "messaging",
    "destination = /queue/gLite-APEL",
    '"/queue/gLite-APEL" is not allowed, the name stands alone, without a path; it must be a name of ASCII letters, digits, _ and -',
  ],
  [
    "messaging",
    "destination = eu.egi.cloud.accounting",
    '"eu.egi.cloud.accounting" is not allowed, AMS has - for each . of a service type; it must be a name of ASCII letters, digits, _ and -',
  ],
  [
    "messaging",
    "token = hunter2 # mine",
    "its value is not allowed; it must be one word of printable ASCII",
  ],
  ["messaging", "token_file =", "it is empty; it must be a path"],
  [
    "messaging",
    "ams_message_limit = 2M",
    '"2M" is not allowed, the range is from 1000 to 1450000 bytes; it must be a number of bytes, or of K, M or G, such as 512K or 100M',
  ],
  [
    "messaging",
    "ams_batch = 0",
    '"0" is not allowed; it must be a whole number from 1 to 1000',
  ],
];

for (const [section, line, state] of BAD) {
  Deno.test(`AMS: [${section}] ${line} is refused with file, line, key and what is allowed`, () => {
    const key = line.split(" ")[0]!;
    const others = AMS_SENDER[section].split("\n")
      .filter((other) => !other.startsWith(`${key} `));
    const ini = file({ [section]: [...others, line].join("\n") }, AMS_SENDER);
    const number = others.length + 2;
    assert.throws(() => readSenderConfig(ini), {
      name: "ConfigError",
      code: "CONFIG",
      section,
      key,
      message:
        `Cannot use "${key}" in section [${section}] of F, line ${number}: ${state}`,
    });
  });
}

Deno.test("AMS cannot do without a host, a project and a destination", () => {
  for (
    const [section, key] of [
      ["broker", "host"],
      ["messaging", "ams_project"],
      ["messaging", "destination"],
    ] as const
  ) {
    const lines = AMS_SENDER[section].split("\n")
      .filter((line) => !line.startsWith(key)).join("\n");
    assert.throws(
      () => readSenderConfig(file({ ...AMS_SENDER, [section]: lines })),
      {
        code: "CONFIG",
        message: new RegExp(
          `^Cannot use "${key}" in section \\[${section}\\] of F: it is missing; it must be `,
        ),
      },
    );
  }
});

Deno.test("a token and a token_file at once are refused, and the token is not shown", () => {
  const messaging = `${AMS_SENDER.messaging}\ntoken = hunter2\ntoken_file = /t`;
  assert.throws(
    () => readSenderConfig(file({ ...AMS_SENDER, messaging })),
    {
      message:
        'Cannot use "token_file" in section [messaging] of F, line 14: there is a "token" already; only one of them may be there',
    },
  );
});

Deno.test("keys of ssm's own that are for the other protocol are a warning", () => {
  const ams = readSenderConfig(file({
    ...AMS_SENDER,
    broker: "host = h\nverify_broker = false\nheart_beat = 5",
  }));
  assert.deepEqual(ams.warnings, [
    'Superfluous key "verify_broker" in section [broker] of F, line 5: it is for STOMP, and has no effect with AMS',
    'Superfluous key "heart_beat" in section [broker] of F, line 6: it is for STOMP, and has no effect with AMS',
  ]);
  const stomp = readReceiverConfig(file({
    ...RECEIVER,
    messaging: `${RECEIVER.messaging}\nams_project = p\nams_poll_pause = 5`,
  }));
  assert.deepEqual(stomp.warnings, [
    'Superfluous key "ams_poll_pause" in section [messaging] of F, line 14: it is for AMS, and has no effect with STOMP',
  ]);
});

Deno.test("a file for both roles may have keys of both protocols", () => {
  const ini = file({
    ...AMS_RECEIVER,
    sender: "protocol = STOMP",
    broker: "host = h\nheart_beat = 5",
  });
  assert.deepEqual(readReceiverConfig(ini).warnings, []);
});

Deno.test("a mistyped key of AMS is told, with the likely one", () => {
  const messaging = `${AMS_SENDER.messaging}\nams_batchs = 5`;
  const { warnings } = readSenderConfig(file({ ...AMS_SENDER, messaging }));
  assert.deepEqual(warnings, [
    'Unknown key "ams_batchs" in section [messaging] of F, line 13: did you mean "ams_batch"?',
  ]);
});

Deno.test("an unused token and an unused password are no secrets of a file", () => {
  const messaging = `${SENDER.messaging}\ntoken = t`;
  assert.deepEqual(
    readSenderConfig(file({ ...SENDER, messaging })).secrets,
    [],
  );
  const broker = `${SENDER.broker}\nlogin = me\npasscode = p`;
  assert.deepEqual(readSenderConfig(file({ ...SENDER, broker })).secrets, [
    "passcode",
  ]);
});
