import assert from "node:assert/strict";
import {
  isSsm1,
  parseIni,
  readSsm1Config,
  type Ssm1Config,
} from "../../../../lib/config/mod.ts";
import {
  BROKER_DEFAULTS,
  file,
  LOGGING_DEFAULTS,
  RECEIVER,
  SENDER,
  SSM1,
  SURROUNDINGS,
} from "../files/made_files.ts";

/** Reads a file; `sections` take the place of those of the least file. */
function read(sections: Record<string, string> = {}) {
  return readSsm1Config(file(sections, SSM1), SURROUNDINGS);
}

/** The same where there must be no warnings. */
function config(sections: Record<string, string> = {}): Ssm1Config {
  const { config, warnings } = read(sections);
  assert.deepEqual(warnings, []);
  return config;
}

Deno.test("readSsm1Config() fills in every default", () => {
  assert.deepEqual(config(), {
    file: "F",
    broker: {
      ...BROKER_DEFAULTS,
      addresses: [{ host: "broker.example", port: 6163 }],
    },
    certificates: {
      certificate: "/c",
      key: "/k",
      keyPassphraseFile: undefined,
      requirePrivateKeyFile: false,
      capath: "/ca",
      checkCrls: true,
      cipher: "des3",
      allowWeakDigests: "sha1",
    },
    pidfile: undefined,
    messages: {
      path: "/messages",
      test: false,
      umask: 0o027,
      maxMessageBytes: 256 * 1024 * 1024,
      maxUnpackedBytes: 256 * 1024 * 1024,
      ackKeepMs: 90 * 86_400_000,
      minFileAgeMs: 1000,
      maxLockMs: 600_000,
    },
    logging: LOGGING_DEFAULTS,
    logConfFile: undefined,
    consumer: {
      topic: "/topic/central",
      validDns: "/dns",
      readValidDnsMs: 600_000,
      window: 16,
    },
    producer: {
      topic: "/topic/central",
      consumerDn: "/C=UK/CN=consumer",
      ackQueue: "/queue/me",
      checkIntervalMs: 1000,
      ackTimeoutMs: 60_000,
      certificateLifeMs: 86_400_000,
      consumerCertificate: undefined,
    },
  });
});

/** A file in the manner of the original. */
const ORIGINAL = `[broker]
host: msg.example.org
port: 6163
use-ssl: true
use-pwd: false
username:
password:

[certificates]
certificate: /etc/grid-security/hostcert.pem
key: /etc/grid-security/hostkey.pem
cadir: /etc/grid-security/certificates/
check-crls: false

[pidfile]
pidfile: /var/run/apel/ssm.pid

[messagedb]
path: $SSM_HOME/messages
test: true

[logging]
log-conf-file: \${SSM_HOME}/conf/../conf/ssm.log.cfg

[producer]
topic: /topic/global.accounting.cpu.central
consumer-dn: /C=UK/O=eScience/OU=CLRC/L=RAL/CN=raptest.example.org
ack: /topic/global.accounting.cpu.client.$host.$pid
msg-check-time: 10
`;

for (
  const [ends, text] of [
    ["LF", ORIGINAL],
    ["CRLF", ORIGINAL.replaceAll("\n", "\r\n")],
    ["a byte order mark", `\ufeff${ORIGINAL}`],
  ] as const
) {
  Deno.test(`readSsm1Config() reads a file of the original as it is, with ${ends}`, () => {
    const { config, warnings } = readSsm1Config(
      parseIni(text, "F"),
      SURROUNDINGS,
    );
    assert.deepEqual(warnings, []);
    assert.equal(config.certificates.capath, "/etc/grid-security/certificates");
    assert.equal(config.certificates.checkCrls, false);
    assert.equal(config.pidfile, "/var/run/apel/ssm.pid");
    assert.equal(config.messages.path, "/opt/apel/ssm/messages");
    assert.equal(config.messages.test, true);
    assert.equal(config.logConfFile, "/opt/apel/ssm/conf/ssm.log.cfg");
    assert.equal(config.consumer, undefined);
    assert.deepEqual(config.producer, {
      topic: "/topic/global.accounting.cpu.central",
      consumerDn: "/C=UK/O=eScience/OU=CLRC/L=RAL/CN=raptest.example.org",
      ackQueue: "/topic/global.accounting.cpu.client.site.42",
      checkIntervalMs: 10_000,
      ackTimeoutMs: 60_000,
      certificateLifeMs: 86_400_000,
      consumerCertificate: undefined,
    });
  });
}

/** Section, line, and where its value comes out. */
const VALUES: [
  section: keyof typeof SSM1 | "pidfile" | "logging",
  line: string,
  value: unknown,
  of: (config: Ssm1Config) => unknown,
][] = [
  ["broker", "verify-broker = no", false, (c) => c.broker.verifyBroker],
  ["broker", "vhost = v", "v", (c) => c.broker.virtualHost],
  ["broker", "heart-beat = 0", 0, (c) => c.broker.heartBeatMs],
  ["broker", "connect-timeout = 5", 5000, (c) => c.broker.connectTimeoutMs],
  ["broker", "receipt-timeout = 5", 5000, (c) => c.broker.receiptTimeoutMs],
  ["broker", "retry-for = 0", 0, (c) => c.broker.retryForMs],
  [
    "certificates",
    "key-passphrase-file = /p",
    "/p",
    (c) => c.certificates.keyPassphraseFile,
  ],
  [
    "certificates",
    "check-crls = false",
    false,
    (c) => c.certificates.checkCrls,
  ],
  ["certificates", "cipher = aes256", "aes256", (c) => c.certificates.cipher],
  [
    "certificates",
    "allow-weak-digests = none",
    "none",
    (c) => c.certificates.allowWeakDigests,
  ],
  [
    "certificates",
    "allow-weak-digests = all",
    "all",
    (c) => c.certificates.allowWeakDigests,
  ],
  ["pidfile", "pidfile = /pid", "/pid", (c) => c.pidfile],
  ["messagedb", "umask = 007", 0o007, (c) => c.messages.umask],
  [
    "messagedb",
    "max-message-size = 1K",
    1024,
    (c) => c.messages.maxMessageBytes,
  ],
  [
    "messagedb",
    "max-unpacked-size = 1K",
    1024,
    (c) => c.messages.maxUnpackedBytes,
  ],
  ["messagedb", "ack-keep = 1.5", 129_600_000, (c) => c.messages.ackKeepMs],
  ["messagedb", "min-file-age = 0", 0, (c) => c.messages.minFileAgeMs],
  ["messagedb", "max-lock-age = 10", 10_000, (c) => c.messages.maxLockMs],
  ["logging", "logfile = /l", "/l", (c) => c.logging.logfile],
  ["logging", "level = WARN", "WARNING", (c) => c.logging.level],
  ["logging", "console = off", false, (c) => c.logging.console],
  ["logging", "format = json", "json", (c) => c.logging.format],
  ["logging", "log-conf-file = /f", "/f", (c) => c.logConfFile],
  ["consumer", "read-valid-dns = 1", 60_000, (c) => c.consumer?.readValidDnsMs],
  ["consumer", "window = 1", 1, (c) => c.consumer?.window],
  ["producer", "msg-check-time = 0.5", 500, (c) => c.producer?.checkIntervalMs],
  ["producer", "ack-timeout = 7", 7000, (c) => c.producer?.ackTimeoutMs],
  [
    "producer",
    "certificate-life = 60",
    60_000,
    (c) => c.producer?.certificateLifeMs,
  ],
  [
    "producer",
    "clear-consumer-cert = 60",
    60_000,
    (c) => c.producer?.certificateLifeMs,
  ],
];

for (const [section, line, value, of] of VALUES) {
  const [name = "", text = ""] = line.split(" = ");
  for (const key of new Set([name, name.replaceAll("-", "_")])) {
    Deno.test(`[${section}] ${key} = ${text} is read`, () => {
      const before = (SSM1 as Record<string, string>)[section] ?? "";
      const lines = `${before}\n${key} = ${text}`;
      assert.equal(of(config({ [section]: lines })), value);
    });
  }
}

for (
  const destination of [
    "/topic/a.b",
    "/queue/a",
    "/temp-queue/a",
    "bare",
    "/exchange/a/b",
  ]
) {
  Deno.test(`destinations may be ${destination}`, () => {
    const { producer, consumer } = config({
      consumer: `topic = ${destination}\nvalid-dns = /dns`,
      producer:
        `topic = ${destination}\nconsumer-dn = /CN=c\nack = ${destination}`,
    });
    assert.equal(consumer?.topic, destination);
    assert.deepEqual(
      [producer?.topic, producer?.ackQueue],
      [destination, destination],
    );
  });
}

Deno.test("readSsm1Config() takes user and password only with use-pwd", () => {
  const lines = (usePassword: boolean, ...more: string[]) =>
    config({
      broker: [
        "host = a:1",
        "use-ssl = false",
        `use-pwd = ${usePassword}`,
        ...more,
      ].join("\n"),
    }).broker;
  const known = lines(true, "username = me$SSM_HOME", "password = $host 50%");
  assert.equal(known.useTls, false);
  assert.equal(known.login, "me$SSM_HOME");
  assert.equal(known.passcode, "$host 50%");
  const inFile = lines(
    true,
    "username = me",
    "password =",
    "password-file = $SSM_HOME/p",
  );
  assert.equal(inFile.passcode, undefined);
  assert.equal(inFile.passcodeFile, "/opt/apel/ssm/p");
  const none = lines(
    false,
    "username = me",
    "password = p",
    "password-file = /p",
  );
  assert.deepEqual(
    [none.login, none.passcode, none.passcodeFile],
    [undefined, undefined, undefined],
  );
});

Deno.test("readSsm1Config() turns a role off whose section is absent", () => {
  const { consumer: _, ...sending } = SSM1;
  const { producer: __, ...receiving } = SSM1;
  const one = readSsm1Config(file(sending), SURROUNDINGS);
  assert.equal(one.config.consumer, undefined);
  assert.ok(one.config.producer);
  const other = readSsm1Config(file(receiving), SURROUNDINGS);
  assert.equal(other.config.producer, undefined);
  assert.ok(other.config.consumer);
  assert.deepEqual([...one.warnings, ...other.warnings], []);
});

const REQUIRED: [role: "consumer" | "producer", key: string][] = [
  ["consumer", "topic"],
  ["consumer", "valid-dns"],
  ["producer", "topic"],
  ["producer", "consumer-dn"],
  ["producer", "ack"],
];

for (const [role, key] of REQUIRED) {
  Deno.test(`readSsm1Config() turns the ${role} off aloud that has no ${key}`, () => {
    const lines = SSM1[role].split("\n")
      .filter((line) => !line.startsWith(`${key} `)).join("\n");
    const { config, warnings } = read({ [role]: lines });
    assert.equal(config[role], undefined);
    assert.ok(config[role === "consumer" ? "producer" : "consumer"]);
    assert.deepEqual(warnings, [
      `Missing key "${key}" in section [${role}] of F: the ${role} is turned off`,
    ]);
  });
}

Deno.test("readSsm1Config() reads percent signs as Python 2 does", () => {
  const { pidfile, messages } = config({
    DEFAULT: "base = /var/%(sub)s\nsub = s",
    pidfile: "pidfile = /100%/%%",
    messagedb: "path = %(base)s/m%%\ntest = false",
  });
  assert.equal(pidfile, "/100%/%%");
  assert.equal(messages.path, "/var/s/m%");
});

Deno.test("a configuration of SSM1 cannot be changed", () => {
  const whole = config();
  for (const part of [whole, ...Object.values(whole)]) {
    if (typeof part === "object") assert.ok(Object.isFrozen(part));
  }
});

Deno.test("isSsm1() tells the files of SSM1 from others", () => {
  const { consumer, producer, messagedb } = SSM1;
  assert.ok(isSsm1(file(SSM1)));
  assert.ok(isSsm1(file({ messagedb })));
  assert.ok(isSsm1(file({ consumer })));
  assert.ok(isSsm1(file({ producer })));
  assert.ok(isSsm1(file({ messagedb, sender: "" })));
  assert.ok(!isSsm1(file(SENDER)));
  assert.ok(!isSsm1(file(RECEIVER)));
  assert.ok(!isSsm1(file({ producer, sender: "" })));
  assert.ok(!isSsm1(file({ consumer, receiver: "" })));
  assert.ok(!isSsm1(file({ consumer, messaging: "" })));
  assert.ok(!isSsm1(file({ MessageDB: messagedb })));
  assert.ok(!isSsm1(file({ stompserver: "" })));
});
