import assert from "node:assert/strict";
import {
  detectRole,
  parseIni,
  readReceiverConfig,
  readSenderConfig,
} from "../../../../lib/config/mod.ts";
import {
  BROKER_DEFAULTS,
  file,
  LOGGING_DEFAULTS,
  RECEIVER,
  SENDER,
  stompBroker,
} from "./made_files.ts";

Deno.test("readSenderConfig() fills in every default", () => {
  const { config, warnings } = readSenderConfig(file(SENDER));
  assert.deepEqual(warnings, []);
  assert.deepEqual(config, {
    file: "F",
    keepRunning: false,
    broker: {
      protocol: "STOMP",
      ...BROKER_DEFAULTS,
      addresses: [{ host: "broker.example", port: 61613 }],
    },
    certificates: {
      certificate: "/c",
      key: "/k",
      keyPassphraseFile: undefined,
      requirePrivateKeyFile: false,
      capath: "/ca",
      serverCert: undefined,
      verifyServerCert: true,
      checkCrls: false,
      cipher: "aes128",
    },
    messaging: {
      destination: "q",
      path: "/out",
      pathType: "dirq",
      window: 1,
      maxMessageBytes: 100 * 1024 * 1024,
      split: "no",
      minFileAgeMs: 1000,
      maxLockMs: 600_000,
      umask: 0o027,
    },
    logging: LOGGING_DEFAULTS,
  });
});

Deno.test("readReceiverConfig() fills in every default", () => {
  const { config, warnings } = readReceiverConfig(file(RECEIVER));
  assert.deepEqual(warnings, []);
  assert.deepEqual(config.certificates, {
    certificate: "/c",
    key: "/k",
    keyPassphraseFile: undefined,
    requirePrivateKeyFile: false,
    capath: "/ca",
    checkCrls: true,
    retryUntrusted: true,
    allowWeakDigests: "none",
  });
  assert.deepEqual(config.messaging, {
    destination: "q",
    path: "/spool",
    dnFile: "/etc/apel/dns",
    window: 16,
    maxMessageBytes: 256 * 1024 * 1024,
    remembered: 100_000,
    umask: 0o027,
  });
  assert.equal(config.pidfile, undefined);
});

Deno.test("the files of the Python original are read as they are", () => {
  const ini = parseIni(
    `[sender]
protocol: STOMP
[broker]
host: msg.example.org
port: 6163
use_ssl: true
[certificates]
certificate: /etc/grid-security/hostcert.pem
key: /etc/grid-security/hostkey.pem
capath: /etc/grid-security/certificates
verify_server_cert: true
[messaging]
ams_project: accounting
token: SECRET
destination: gLite-APEL
path: /var/spool/apel/outgoing
path_type: dirq
[logging]
logfile: /var/log/apel/ssmsend.log
level: WARN
console: true
`,
    "F",
  );
  const sender = readSenderConfig(ini);
  assert.deepEqual(sender.warnings, []);
  assert.equal(sender.config.logging.level, "WARNING");
  assert.equal(sender.config.logging.console, true);
  assert.deepEqual(stompBroker(ini).addresses, [
    { host: "msg.example.org", port: 6163 },
  ]);
  assert.ok(!("token" in sender.config.messaging));
});

Deno.test("an absent protocol is STOMP, with the warning of the original", () => {
  const warning = "No option set for 'protocol'. Defaulting to STOMP.";
  const { sender: _, ...without } = SENDER;
  assert.deepEqual(readSenderConfig(file(without)).warnings, [warning]);
  const { warnings } = readReceiverConfig(file({ ...RECEIVER, receiver: "" }));
  assert.deepEqual(warnings, [warning]);
});

Deno.test("detectRole() takes the role from the sections, [sender] first", () => {
  assert.equal(detectRole(file(SENDER)), "sender");
  assert.equal(detectRole(file(RECEIVER)), "receiver");
  assert.equal(detectRole(file({ ...RECEIVER, sender: "" })), "sender");
  assert.equal(detectRole(file({ broker: "host = x" })), undefined);
});

const HOSTS: [host: string, addresses: [string, number][]][] = [
  ["a", [["a", 61613]]],
  ["a, b:1 c:65535", [["a", 61613], ["b", 1], ["c", 65535]]],
  ["a\n  b", [["a", 61613], ["b", 61613]]],
  ["192.0.2.1:7", [["192.0.2.1", 7]]],
  ["2001:db8::1", [["2001:db8::1", 61613]]],
  ["[2001:db8::1]:7, [::1]", [["2001:db8::1", 7], ["::1", 61613]]],
];

for (const [host, addresses] of HOSTS) {
  Deno.test(`host = ${JSON.stringify(host)} is ${addresses.join(" and ")}`, () => {
    const broker = `host = ${host}\nport = 61613`;
    assert.deepEqual(
      stompBroker(file({ ...SENDER, broker })).addresses,
      addresses.map(([host, port]) => ({ host, port })),
    );
  });
}

Deno.test("port may be absent where every host has its own", () => {
  const broker = "host = a:1, b:2";
  const { addresses } = stompBroker(file({ ...SENDER, broker }));
  assert.equal(addresses.length, 2);
  assert.throws(
    () => readSenderConfig(file({ ...SENDER, broker: "host = a:1, b" })),
    {
      message:
        'Cannot use "port" in section [broker] of F: it is missing, and host "b" has no port of its own',
    },
  );
});

for (
  const [text, value] of [
    ["1", true],
    ["Yes", true],
    ["TRUE", true],
    ["on", true],
    ["0", false],
    ["no", false],
    ["False", false],
    ["OFF", false],
  ] as const
) {
  Deno.test(`use_ssl = ${text} is ${value}`, () => {
    const broker = `${SENDER.broker}\nuse_ssl = ${text}`;
    const { useTls } = stompBroker(file({ ...SENDER, broker }));
    assert.equal(useTls, value);
  });
}

Deno.test("sizes, seconds and umasks are read as documented", () => {
  const messaging = `${SENDER.messaging}
max_message_size = 512k
min_file_age = 0.25
umask = 0022
window = 1000`;
  const { config } = readSenderConfig(file({ ...SENDER, messaging }));
  assert.equal(config.messaging.maxMessageBytes, 512 * 1024);
  assert.equal(config.messaging.minFileAgeMs, 250);
  assert.equal(config.messaging.umask, 0o022);
  assert.equal(config.messaging.window, 1000);
});

Deno.test("the log goes to the console where there is no logfile, and as asked otherwise", () => {
  const consoleOf = (logging: string) =>
    readSenderConfig(file({ ...SENDER, logging })).config.logging.console;
  assert.equal(consoleOf("logfile = /l"), false);
  assert.equal(consoleOf("logfile = /l\nconsole = true"), true);
  assert.equal(consoleOf(""), true);
  assert.equal(consoleOf("console = false"), false);
});

Deno.test("a configuration cannot be changed", () => {
  const { config } = readSenderConfig(file(SENDER));
  for (
    const part of [
      config,
      config.broker,
      stompBroker(file(SENDER)).addresses,
      config.messaging,
    ]
  ) assert.ok(Object.isFrozen(part));
});
