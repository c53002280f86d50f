/**
 * The keys of an embedded broker's file.
 *
 * @module
 */
import { CERTIFICATES_TABLE, LOGGING_TABLE } from "./shared_tables.ts";
import { optional, withDefault } from "../schema/keys.ts";
import {
  boolean,
  days,
  integer,
  type Kind,
  path,
  size,
  text,
} from "../schema/kinds.ts";

const GIGABYTE = 1024 ** 3;

/** Some words between commas or white space. */
const words: Kind<readonly string[]> = {
  allowed: "words between commas or white space",
  placeholder: "PATTERNS",
  parse(value) {
    const list = value.split(/[\s,]+/).filter((word) => word !== "");
    return list.length === 0 ? undefined : list;
  },
};

/** Names that clients say in `host`; the store writes them before a slash. */
const hostPatterns: Kind<readonly string[]> = {
  allowed: "names without slash between commas or white space",
  placeholder: "NAMES",
  parse(value) {
    const list = words.parse(value);
    return list?.every((word) => /^[\x21-\x2e\x30-\x7e]{1,255}$/.test(word))
      ? list
      : undefined;
  },
};

/** Where dead letters go, if anywhere. */
const deadLetters: Kind<string | "none"> = {
  allowed: "a name such as /queue/DLQ, or none",
  placeholder: "NAME",
  parse: (value) =>
    value === "none" || /^\/queue\/[\x21-\x7e]{1,500}$/.test(value)
      ? value
      : undefined,
};

/** Whether there is TLS; Tcl's stompserver says it with a boolean. */
const tls: Kind<"off" | "on" | "strict"> = {
  allowed: "off (or false), on (or true) or strict",
  placeholder: "off|on|strict",
  parse(value) {
    if (value.toLowerCase() === "strict") return "strict";
    const on = boolean.parse(value);
    return on === undefined ? undefined : on ? "on" : "off";
  },
};

/** An address to listen on. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where to listen: `HOST:PORT`, or `PORT` on the loopback interface. */
const addresses: Kind<readonly Address[]> = {
  allowed:
    "PORT or ADDRESS:PORT, such as 8443 or 0.0.0.0:8443, or several between blanks; an IPv6 address is written in brackets",
  placeholder: "[ADDRESS:]PORT",
  parse(value) {
    const words = value.split(/\s+/).filter((word) => word !== "");
    const parsed = words.map(parseAddress);
    const good = parsed.filter((address) => address !== undefined);
    return good.length > 0 && good.length === parsed.length ? good : undefined;
  },
};

function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, digits = ""] =
    /^(?:\[([0-9a-fA-F:.]+)\]:|([A-Za-z0-9_.-]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = integer(0, 65535).parse(digits);
  const host = bracketed ?? plain ?? "127.0.0.1";
  return port === undefined ? undefined : { host, port };
}

/** A topic of AMS, and its subscriptions. */
interface AmsTopicOfFile {
  readonly project: string;
  readonly topic: string;
  readonly subscriptions: readonly string[];
}

/** Topics, between white space. */
const amsTopics: Kind<readonly AmsTopicOfFile[]> = {
  allowed:
    "PROJECT/TOPIC:SUBSCRIPTION, or several subscriptions between commas, or none without the colon; several topics between white space; names of letters, digits, _ and -",
  placeholder: "TOPICS",
  parse(value) {
    const topics: AmsTopicOfFile[] = [];
    for (const word of value.split(/\s+/).filter((word) => word !== "")) {
      const [, project, topic, subscriptions] =
        /^([\w-]{1,255})\/([\w-]{1,255})(?::([\w-]{1,255}(?:,[\w-]{1,255})*))?$/
          .exec(word) ?? [];
      if (project === undefined || topic === undefined) return undefined;
      topics.push({
        project,
        topic,
        subscriptions: subscriptions?.split(",") ?? [],
      });
    }
    return topics.length === 0 ? undefined : topics;
  },
};

/** Milliseconds, up to an hour. */
const milliseconds = { ...integer(0, 3_600_000), placeholder: "MS" };

/** A number of at least 1. */
const factor: Kind<number> = {
  allowed: "a number from 1 to 100, such as 1.5",
  placeholder: "N",
  parse(value) {
    if (!/^\d{1,3}(\.\d{1,3})?$/.test(value)) return undefined;
    const number = Number(value);
    return number >= 1 && number <= 100 ? number : undefined;
  },
};

const LISTENING = {
  host: withDefault("host", { ...text, placeholder: "ADDRESS" }, "127.0.0.1")
    .means("The address to listen on."),
  port: withDefault("port", integer(0, 65535), "61613").means(
    "The port to listen on; 0 takes a free one.",
  ),
};

const TLS = {
  tls: withDefault("tls", tls, "off").means(
    "Whether clients use TLS; strict demands a client certificate that chains to capath.",
  ),
  certificate: optional("certificate", path).means(
    "The certificate of the broker (PEM or DER), with its chain; needed for TLS.",
  ),
  key: optional("key", path).means(
    "The private key of that certificate (PEM); needed for TLS.",
  ),
  keyPassphraseFile: CERTIFICATES_TABLE.keyPassphraseFile,
  requirePrivateKeyFile: CERTIFICATES_TABLE.requirePrivateKeyFile,
  capath: optional("capath", path).means(
    "The directory of trusted CA certificates and CRLs; needed for strict, unless there is a cafile.",
  ),
  caFile: optional("cafile", path).means(
    "A file of trusted CA certificates and CRLs (PEM), in the place of capath.",
  ),
  checkCrls: withDefault("check_crls", boolean, "false").means(
    "Whether client certificates are looked up in the CRLs in capath or cafile; a CA without a CRL is then refused.",
  ),
};

const ACCESS = {
  usersFile: optional("users", path).means(
    "A file of login:passcode lines, the passcodes hashed by ssm broker --hash-password. Without it everyone who can connect may.",
  ),
  accessFile: optional("access_file", path).means(
    "A file of who may read and write where: lines of allow or deny, read, write or all, a destination, and user:LOGIN, dn:DN, address:PATTERN or anyone; the first that fits decides, and what none allows is refused. Without it everyone may read and write everywhere.",
  ),
  virtualHosts: optional("vhosts", hostPatterns).means(
    "The virtual hosts, each with queues and topics of its own; * and ? are wildcards. Clients that ask for another are refused, those that ask for none get the first. Without it there is one, under whatever name.",
  ),
  allow: withDefault("allow", words, "*").means(
    "The addresses that may connect, such as 10.0.*; * and ? are wildcards.",
  ),
  deny: optional("deny", words).means(
    "The addresses that may not connect, although allowed.",
  ),
  proxyProtocol: withDefault("proxy_protocol", boolean, "false").means(
    "Whether every client comes through a proxy that says for whom by the PROXY protocol, version 1 or 2 (HAProxy: send-proxy); others are refused. What the proxy says then counts as the address of the client: nobody else may reach the port.",
  ),
};

const HEART_BEATS = {
  heartBeatInMs: withDefault("heartbeat_in", milliseconds, "10000").means(
    "Milliseconds within which clients that can do heart-beats must be heard; 0 asks for none.",
  ),
  heartBeatOutMs: withDefault("heartbeat_out", milliseconds, "10000").means(
    "Milliseconds within which clients that want heart-beats can hear the broker; 0 sends none.",
  ),
  forgiveness: withDefault("forgiveness", factor, "2").means(
    "How many times heartbeat_in a client may be silent before it is dropped.",
  ),
};

/** The default of `memory`, in MiB. */
export const DEFAULT_MEMORY_MIB = { withData: 64, withoutData: 256 };

const MESSAGES = {
  data: optional("data", path).means(
    "The directory where persistent messages of queues, and all of AMS, survive. Without it they are in memory only.",
  ),
  memoryBytes: optional("memory", size(1024 ** 2, 1024 * GIGABYTE)).means(
    `How much of the messages may be in memory: a quarter for those of topics (32M at least, where that is no more than half), the rest for those of queues, of which ams takes half. What exceeds it in queues is on disk if there is data, and refused otherwise; of topics, the clients that are slowest and hold most are cut off. Without it ${DEFAULT_MEMORY_MIB.withData}M with data, and ${DEFAULT_MEMORY_MIB.withoutData}M otherwise.`,
  ),
  maxDataBytes: withDefault(
    "max_data",
    size(1024 ** 2, 1024 * 1024 * GIGABYTE),
    "10G",
  ).means(
    "How much all queues may hold if there is data, and AMS as much again. What exceeds it is refused.",
  ),
  // A signed and encrypted message of 100 MB is larger than that by two base64
  // codings.
  maxMessageBytes: withDefault("max_message_size", size(1, GIGABYTE), "256M")
    .means("A larger message is refused."),
  maxConnections: withDefault("max_connections", integer(1, 1_000_000), "4096")
    .means("Clients at the same time; more are refused."),
  subscriptions: withDefault("subscriptions", integer(1, 100_000), "1000")
    .means(
      "Subscriptions of one connection, and its temporary queues; more are refused.",
    ),
  prefetch: withDefault("prefetch", integer(1, 10_000), "100").means(
    "Unacknowledged messages of a subscription that does not ask for a number.",
  ),
  maxRedeliveries: withDefault("max_redeliveries", integer(0, 1_000_000), "5")
    .means(
      "How often a message that clients refuse, or are lost over, is delivered again before it moves to the dead letters.",
    ),
  deadLetterQueue: withDefault("dead_letter_queue", deadLetters, "/queue/DLQ")
    .means(
      "The queue of dead letters; none turns them off, and messages are redelivered for ever.",
    ),
};

const AMS = {
  ams: optional("ams", addresses).means(
    "Where to serve clients of AMS, too: publish and pull over HTTP, over HTTPS with tls. A port alone is one of the loopback interface. Several between blanks: the original SSM wants 443, and with a certificate 8443 besides.",
  ),
  amsTopics: optional("ams_topics", amsTopics).means(
    "The topics of AMS and their subscriptions, each PROJECT/TOPIC:SUBSCRIPTION,SUBSCRIPTION. They are made where they are not there yet; what is there and not named here stays.",
  ),
  amsUsersFile: optional("ams_users", path).means(
    "A file of the users of AMS: lines of name:rights:credential. Without it every token, and every certificate that chains to capath or cafile, may do everything.",
  ),
  amsRetentionMs: withDefault("ams_retention", {
    ...days(0.001, 3650),
    placeholder: "DAYS",
  }, "7").means(
    "The days after which a message of AMS is removed, read by its subscriptions or not.",
  ),
  amsMaxMessageBytes: withDefault(
    "ams_max_message_size",
    size(1, 48 * 1024 ** 2),
    "1500000",
  ).means(
    "A larger message of AMS is refused. It counts as AMS counts: the JSON with attributes and base64, indented.",
  ),
  stomp: withDefault("stomp", boolean, "true").means(
    "Whether there is a port for clients of STOMP; without it there must be ams.",
  ),
};

/** The keys of `[stompserver]`, which are options too, under the headings of the help text. */
export const STOMPSERVER_GROUPS = {
  "Options": LISTENING,
  "TLS": TLS,
  "Who may connect": ACCESS,
  "Heart-beats": HEART_BEATS,
  "Messages and limits": MESSAGES,
  "AMS": AMS,
};

/** Every section and key of an embedded broker's file. */
export const STOMPSERVER_TABLES = {
  stompserver: {
    ...LISTENING,
    ...TLS,
    ...ACCESS,
    ...HEART_BEATS,
    ...MESSAGES,
    ...AMS,
  },
  logging: LOGGING_TABLE,
};
