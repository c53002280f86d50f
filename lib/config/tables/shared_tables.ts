/**
 * The sections that sender and receiver share.
 *
 * @module
 */
import {
  boolean,
  hosts,
  integer,
  level,
  oneOf,
  path,
  seconds,
  secret,
  text,
  umask,
} from "../schema/kinds.ts";
import { optional, required, withDefault } from "../schema/keys.ts";

const DAY = 86_400;

/** What can carry messages. */
export type Protocol = "STOMP" | "AMS";

/** `[broker]` of STOMP */
export const BROKER_TABLE = {
  hosts: required("host", hosts).means(
    "The broker. Several are tried in order, and of each one all addresses of its name.",
  ),
  port: optional("port", integer(1, 65535)).means(
    "The port of every host that has none of its own.",
  ),
  useTls: withDefault("use_ssl", boolean, "true").means(
    "Whether to use TLS, with the host certificate as client certificate.",
  ),
  verifyBroker: withDefault("verify_broker", boolean, "true").means(
    "Whether the certificate of the broker must chain to capath and name the host. Turned off, anyone can pose as the broker.",
  ),
  login: optional("login", text).means("User name at the broker."),
  passcode: optional("passcode", secret(text)).means("Password at the broker."),
  passcodeFile: optional("passcode_file", path).means(
    "A file whose first line is the password.",
  ),
  virtualHost: optional("vhost", text).means(
    "The virtual host to ask for. Without it none is named, and the broker takes its default.",
  ),
  heartBeatMs: withDefault("heart_beat", seconds(0, 3600), "30").means(
    "Seconds between heart-beats in both directions; 0 turns them off.",
  ),
  connectTimeoutMs: withDefault("connect_timeout", seconds(1, 600), "10").means(
    "Seconds to wait for a connection, TLS and greeting included.",
  ),
  receiptTimeoutMs: withDefault("receipt_timeout", seconds(1, DAY), "30").means(
    "Seconds to wait for the broker to confirm what was sent.",
  ),
};

/** `[certificates]` */
export const CERTIFICATES_TABLE = {
  certificate: required("certificate", path).means(
    "The host certificate (PEM or DER); its chain, and the key, may be in the same file.",
  ),
  key: required("key", path).means(
    "The private key of the host certificate (PEM).",
  ),
  keyPassphraseFile: optional("key_passphrase_file", path).means(
    "A file whose first line is the passphrase of an encrypted key.",
  ),
  requirePrivateKeyFile: withDefault(
    "require_private_key_file",
    boolean,
    "false",
  ).means(
    "Whether a file with a private key or its passphrase that others may read, or the group may write, is refused. Otherwise that is a warning.",
  ),
  capath: required("capath", path).means(
    "The directory of trusted CA certificates and CRLs, under hashed names. Nothing else is trusted, but see ams_trust.",
  ),
};

/** `[logging]` */
export const LOGGING_TABLE = {
  logfile: optional("logfile", path).means("The file to append log lines to."),
  level: withDefault("level", level, "INFO").means(
    "The lowest severity that is logged.",
  ),
  console: optional("console", boolean).means(
    "Whether to log to standard output (too). Without a logfile the default is true, otherwise false.",
  ),
  format: withDefault("format", oneOf("text", "json"), "text").means(
    "The form of a log line: that of the original, or one JSON object.",
  ),
};

/** Where a process that runs for long writes its id. */
export const PIDFILE_TABLE = {
  pidfile: optional("pidfile", path).means(
    "Where the process id is written, against a second process. Without it there is no such guard.",
  ),
};

/** Of `[messaging]` in every file. */
export const MESSAGING_TABLE = {
  umask: withDefault("umask", umask, "027").means(
    "The rights that files and directories do not get.",
  ),
};

/** How many messages a receiver has in hand. */
export const WINDOW = withDefault("window", integer(1, 1000), "16").means(
  "How many messages the broker may send ahead.",
);

/** `[sender]` and `[receiver]` */
export const PROTOCOL_TABLE = {
  protocol: withDefault("protocol", oneOf<Protocol>("STOMP", "AMS"), "STOMP")
    .means(
      "The transport: AMS, the ARGO Messaging Service, or STOMP, a message broker.",
    ),
};
