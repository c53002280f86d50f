/**
 * Configuration files made of sections.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type Ini,
  parseIni,
  readSenderConfig,
  type StompSending,
  type Surroundings,
} from "../../../../lib/config/mod.ts";

/** The least that a sender's file must have, section by section. */
export const SENDER = {
  sender: "protocol = STOMP",
  broker: "host = broker.example\nport = 61613",
  certificates: "certificate = /c\nkey = /k\ncapath = /ca",
  messaging: "destination = q\npath = /out",
  logging: "level = INFO",
};

/** The same for a receiver. */
export const RECEIVER = {
  receiver: "protocol = STOMP",
  broker: SENDER.broker,
  certificates: SENDER.certificates,
  messaging: "destination = q\npath = /spool",
  logging: SENDER.logging,
};

/** The least that must be said to send with AMS. */
export const AMS_SENDER = {
  ...SENDER,
  sender: "protocol = AMS",
  broker: "host = msg.example",
  messaging: "ams_project = accounting\ndestination = gLite-APEL\npath = /out",
};

/** The same to receive. */
export const AMS_RECEIVER = {
  ...RECEIVER,
  receiver: "protocol = AMS",
  broker: AMS_SENDER.broker,
  messaging: "ams_project = accounting\ndestination = sub\npath = /spool",
};

/** The least that a file of SSM1 must have to send and to receive. */
export const SSM1 = {
  broker: "host = broker.example\nport = 6163\nuse-ssl = true\nuse-pwd = false",
  certificates: "certificate = /c\nkey = /k\ncadir = /ca",
  messagedb: "path = /messages\ntest = false",
  consumer: "topic = /topic/central\nvalid-dns = /dns",
  producer:
    "topic = /topic/central\nconsumer-dn = /C=UK/CN=consumer\nack = /queue/me",
};

/** A machine `site`, a process 42, and one variable. */
export const SURROUNDINGS: Surroundings = {
  host: "site",
  pid: 42,
  variable: (name) => name === "SSM_HOME" ? "/opt/apel/ssm" : undefined,
};

/** A file with the given sections first, then those of `rest` that are not among them. */
export function file(
  sections: Record<string, string>,
  rest: Record<string, string> = {},
): Ini {
  const all = { ...sections };
  for (const [name, lines] of Object.entries(rest)) all[name] ??= lines;
  const text = Object.entries(all)
    .map(([name, lines]) => `[${name}]\n${lines}\n`).join("");
  return parseIni(text, "F");
}

/** What a sender's file says of its STOMP broker. */
export function stompBroker(ini: Ini): StompSending {
  const { broker } = readSenderConfig(ini).config;
  assert.equal(broker.protocol, "STOMP");
  return broker as StompSending;
}

/** What is read of a broker where a file says nothing but its address. */
export const BROKER_DEFAULTS = {
  useTls: true,
  verifyBroker: true,
  login: undefined,
  passcode: undefined,
  passcodeFile: undefined,
  virtualHost: undefined,
  heartBeatMs: 30_000,
  connectTimeoutMs: 10_000,
  receiptTimeoutMs: 30_000,
  retryForMs: 60_000,
} as const;

/** What is read of the log where a file says nothing. */
export const LOGGING_DEFAULTS = {
  logfile: undefined,
  level: "INFO",
  console: true,
  format: "text",
} as const;
