/**
 * The keys of an SSM1 file.
 *
 * This file writes hyphens where the others have underscores; both are understood.
 *
 * @module
 */
import {
  alsoCalled,
  ofKind,
  optional,
  required,
  type Table,
  withDefault,
} from "../schema/keys.ts";
import {
  anyText,
  boolean,
  days,
  minutes,
  oneOf,
  seconds,
  secret,
  size,
} from "../schema/kinds.ts";
import { destination } from "../schema/destination.ts";
import { SENDER_TABLES } from "../tables/sender_tables.ts";
import {
  CERTIFICATES_TABLE,
  LOGGING_TABLE,
  MESSAGING_TABLE,
  PIDFILE_TABLE,
  WINDOW,
} from "../tables/shared_tables.ts";
import { dn, normalPath, onlyTrue, unlessFalse } from "./kinds.ts";

const DAY = 86_400;

const BROKER = hyphenated({
  ...SENDER_TABLES.STOMP.broker,
  useTls: required("use_ssl", unlessFalse).means(
    "Whether to use TLS, with the host certificate as client certificate.",
  ),
  verifyBroker: withDefault("verify_broker", boolean, "true").means(
    "Whether the certificate of the broker must chain to cadir and name the host. Turned off, anyone can pose as the broker.",
  ),
  usePassword: required("use_pwd", unlessFalse).means(
    "Whether to tell the broker username and password.",
  ),
  login: optional("username", anyText).means(
    "User name at the broker; needed if use-pwd is true, ignored otherwise.",
  ),
  passcode: optional("password", secret(anyText)).means(
    "Password at the broker; it or password-file is needed if use-pwd is true, ignored otherwise. Variables are not replaced in it.",
  ),
  passcodeFile: optional("password_file", normalPath).means(
    "A file whose first line is the password.",
  ),
});

const CERTIFICATES = hyphenated({
  certificate: ofKind(CERTIFICATES_TABLE.certificate, normalPath),
  key: ofKind(CERTIFICATES_TABLE.key, normalPath),
  keyPassphraseFile: ofKind(CERTIFICATES_TABLE.keyPassphraseFile, normalPath),
  requirePrivateKeyFile: CERTIFICATES_TABLE.requirePrivateKeyFile,
  capath: alsoCalled(
    required("cadir", normalPath).means(
      "The directory of trusted CA certificates and CRLs, under hashed names. Nothing else is trusted.",
    ),
    "capath",
  ),
  checkCrls: withDefault("check_crls", unlessFalse, "true").means(
    "Whether the other side and the broker are looked up in the CRLs in cadir; a CA without a CRL is then refused.",
  ),
  cipher: withDefault(
    "cipher",
    oneOf("des3", "aes128", "aes192", "aes256"),
    "des3",
  ).means(
    "The cipher of encrypted messages. The consumers of the original know all of them, if their OpenSSL does.",
  ),
  allowWeakDigests: withDefault(
    "allow_weak_digests",
    oneOf("none", "sha1", "all"),
    "sha1",
  ).means(
    "Which weak signatures of messages are accepted: none, those with SHA-1 (the original makes no others with an OpenSSL of its time), or all, those with MD5 too.",
  ),
});

const PIDFILE = { pidfile: ofKind(PIDFILE_TABLE.pidfile, normalPath) };

const MESSAGEDB = hyphenated({
  path: required("path", normalPath).means(
    "The directory in which incoming, outgoing, ack and reject are.",
  ),
  test: required("test", onlyTrue).means(
    "Whether this is a trial without a loader: then there is a directory accept, too. What is in incoming stays there in any case.",
  ),
  umask: MESSAGING_TABLE.umask,
  maxMessageBytes: withDefault("max_message_size", size(1, 1024 ** 3), "256M")
    .means("A larger message, as it is on the wire, stays with its sender."),
  maxUnpackedBytes: withDefault("max_unpacked_size", size(1, 1024 ** 3), "256M")
    .means(
      "A larger file, as it is before it is compressed, is neither sent nor taken.",
    ),
  ackKeepMs: withDefault("ack_keep", days(1, 3650), "90").means(
    "Days for which a received message is remembered whose producer never said that it got the acknowledgement. Until then it is not taken a second time.",
  ),
  minFileAgeMs: withDefault("min_file_age", seconds(0, DAY), "1").means(
    "Seconds since the last change of a file in outgoing, before which it may still be written to and waits.",
  ),
  maxLockMs: withDefault("max_lock_age", seconds(10, 10 * DAY), "600").means(
    "Seconds after which a file is taken for left behind by a sender that crashed, and given back.",
  ),
});

const LOGGING = {
  logConfFile: alsoCalled(
    optional("log-conf-file", normalPath).means(
      "A file for Python's logging.fileConfig, of which file, level and console are taken. The other keys of this section are simpler, and go before it.",
    ),
    "log_conf_file",
  ),
  ...LOGGING_TABLE,
};

const CONSUMER = hyphenated({
  topic: required("topic", destination).means(
    "The topic or queue to receive from.",
  ),
  validDns: required("valid_dns", normalPath).means(
    "The list of allowed signers, one DN on each line; upper and lower case are the same in it.",
  ),
  readValidDnsMs: withDefault("read_valid_dns", minutes(1, 10_000_000), "10")
    .means(
      "Without effect, for files of the original, which read the list of signers again after so many minutes: ssm reads it again as soon as it has changed.",
    ),
  window: WINDOW,
});

const PRODUCER = hyphenated({
  topic: required("topic", destination).means("The topic or queue to send to."),
  consumerDn: required("consumer_dn", dn).means(
    "The DN of the consumer. Messages are encrypted for it alone; every character counts.",
  ),
  consumerCertificate: optional("consumer_certificate", normalPath).means(
    "The certificate of the consumer (PEM), if you have it: then the consumer is not asked for it. It is read again when it changes, and held to consumer-dn and cadir like one that is asked for.",
  ),
  ackQueue: required("ack", destination).means(
    "The topic or queue for the answers of the consumer, one for each producer; $host and $pid help to tell them apart.",
  ),
  checkIntervalMs: withDefault("msg_check_time", seconds(0.1, 3600), "1").means(
    "Seconds between two looks into outgoing.",
  ),
  ackTimeoutMs: withDefault("ack_timeout", seconds(1, DAY), "60").means(
    "Seconds to wait for an answer of the consumer.",
  ),
  certificateLifeMs: alsoCalled(
    withDefault("certificate_life", seconds(60, 365 * DAY), "86400").means(
      "Seconds after which the consumer is asked for its certificate again.",
    ),
    "clear_consumer_cert",
  ),
});

/** Every section and key of an SSM1 file. */
export const SSM1_TABLES = {
  broker: BROKER,
  certificates: CERTIFICATES,
  pidfile: PIDFILE,
  messagedb: MESSAGEDB,
  logging: LOGGING,
  consumer: CONSUMER,
  producer: PRODUCER,
};

/** The same keys with hyphens in their names, and understood with underscores too. */
function hyphenated<T extends Table>(table: T): T {
  const keys = Object.entries(table).map(([property, key]) => {
    const names = [key.name, ...key.aliases];
    const [name, ...aliases] = new Set([
      ...names.map((name) => name.replaceAll("_", "-")),
      ...names,
    ]);
    return [property, { ...key, name, aliases }];
  });
  return Object.fromEntries(keys);
}
