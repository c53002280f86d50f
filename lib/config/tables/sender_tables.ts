/**
 * The keys of a sender's file.
 *
 * @module
 */
import {
  AMS_BROKER_TABLE,
  AMS_MESSAGING_TABLE,
  AMS_SENDING_TABLE,
} from "./ams_tables.ts";
import {
  BROKER_TABLE,
  CERTIFICATES_TABLE,
  LOGGING_TABLE,
  MESSAGING_TABLE,
  PROTOCOL_TABLE,
} from "./shared_tables.ts";
import { outgoingDestination } from "../schema/destination.ts";
import { optional, required, withDefault } from "../schema/keys.ts";
import {
  boolean,
  integer,
  oneOf,
  path,
  seconds,
  size,
} from "../schema/kinds.ts";

const SENDER = {
  ...PROTOCOL_TABLE,
  keepRunning: withDefault("keep_running", boolean, "false").means(
    "Whether it goes on running and sends what comes at once. Otherwise it sends what waits, and quits.",
  ),
};

const RETRY = {
  retryForMs: withDefault("retry_for", seconds(0, 86_400), "60").means(
    "Seconds to go on while nothing can be reached or nothing gets through, with STOMP over all brokers; what gets through starts them anew.",
  ),
};

const CERTIFICATES = {
  ...CERTIFICATES_TABLE,
  serverCert: optional("server_cert", path).means(
    "The certificate of the receiver. With it messages are encrypted, without it they are only signed.",
  ),
  verifyServerCert: withDefault("verify_server_cert", boolean, "true").means(
    "Whether server_cert must chain to capath.",
  ),
  checkCrls: withDefault("check_crls", boolean, "false").means(
    "Whether server_cert and the broker's certificate (with AMS, unless a public CA has made it) are looked up in the CRLs in capath; a CA without a CRL is then refused.",
  ),
  cipher: withDefault("cipher", oneOf("aes128", "aes192", "aes256"), "aes128")
    .means("The cipher of encrypted messages."),
};

const MESSAGING = {
  destination: required("destination", outgoingDestination).means(
    "The queue or topic to send to.",
  ),
  path: required("path", path).means(
    "The directory of the messages to be sent.",
  ),
  pathType: withDefault("path_type", oneOf("dirq", "directory"), "dirq").means(
    "What path is: a dirq QueueSimple, or a directory of plain files.",
  ),
  window: withDefault("window", integer(1, 1000), "1").means(
    "How many messages may be unconfirmed at a time.",
  ),
  maxMessageBytes: withDefault("max_message_size", size(1, 1024 ** 3), "100M")
    .means("A larger file is reported and stays, or is split."),
  split: withDefault("split", oneOf("no", "records"), "no").means(
    "What is done with a file that is too large for one message. records: an APEL message, or XML or JSON with usage records, is sent as several messages, each complete and, signed and encrypted, no larger than max_message_size and what AMS takes.",
  ),
  minFileAgeMs: withDefault("min_file_age", seconds(0, 86_400), "1").means(
    "Seconds since a file's last change, before which it may still be written to and waits; with path_type dirq that concerns only what is written in place, not what is renamed or linked into its directory.",
  ),
  maxLockMs: withDefault("max_lock_age", seconds(10, 864_000), "600").means(
    "Seconds after which a lock is taken for left behind by a crash.",
  ),
  ...MESSAGING_TABLE,
};

/** Every section and key of a sender's file, with either protocol. */
export const SENDER_TABLES = {
  STOMP: {
    sender: SENDER,
    broker: { ...BROKER_TABLE, ...RETRY },
    certificates: CERTIFICATES,
    messaging: MESSAGING,
    logging: LOGGING_TABLE,
  },
  AMS: {
    sender: SENDER,
    broker: { ...AMS_BROKER_TABLE, ...RETRY },
    certificates: CERTIFICATES,
    messaging: { ...MESSAGING, ...AMS_MESSAGING_TABLE, ...AMS_SENDING_TABLE },
    logging: LOGGING_TABLE,
  },
};
