/**
 * The keys of a sender's file.
 *
 * @module
 */
import {
  BROKER_TABLE,
  CERTIFICATES_TABLE,
  LOGGING_TABLE,
  PROTOCOL_TABLE,
} from "./shared_tables.ts";
import { outgoingDestination } from "../schema/destination.ts";
import { optional, required, withDefault } from "../schema/keys.ts";
import {
  anyText,
  boolean,
  integer,
  oneOf,
  path,
  seconds,
  size,
  umask,
} from "../schema/kinds.ts";

const SENDER = {
  ...PROTOCOL_TABLE,
  keepRunning: withDefault(
    "keep_running",
    boolean,
    "false",
    "Whether it goes on running and sends what comes at once. Otherwise it sends what waits, and quits.",
  ),
};

const BROKER = {
  ...BROKER_TABLE,
  retryForMs: withDefault(
    "retry_for",
    seconds(0, 86_400),
    "60",
    "Seconds to go on while no broker can be reached or nothing gets through, over all brokers; what gets through starts them anew.",
  ),
};

const CERTIFICATES = {
  ...CERTIFICATES_TABLE,
  serverCert: optional(
    "server_cert",
    path,
    "The certificate of the receiver. With it messages are encrypted, without it they are only signed.",
  ),
  verifyServerCert: withDefault(
    "verify_server_cert",
    boolean,
    "true",
    "Whether server_cert must chain to capath.",
  ),
  checkCrls: withDefault(
    "check_crls",
    boolean,
    "false",
    "Whether the broker's certificate and server_cert are looked up in the CRLs in capath; a CA without a CRL is then refused.",
  ),
  cipher: withDefault(
    "cipher",
    oneOf("aes128", "aes192", "aes256"),
    "aes128",
    "The cipher of encrypted messages.",
  ),
};

const MESSAGING = {
  destination: required(
    "destination",
    outgoingDestination,
    "The queue or topic to send to.",
  ),
  path: required("path", path, "The directory of the messages to be sent."),
  pathType: withDefault(
    "path_type",
    oneOf("dirq", "directory"),
    "dirq",
    "What path is: a dirq QueueSimple, or a directory of plain files.",
  ),
  window: withDefault(
    "window",
    integer(1, 1000),
    "1",
    "How many messages may be unconfirmed at a time.",
  ),
  maxMessageBytes: withDefault(
    "max_message_size",
    size(1, 1024 ** 3),
    "100M",
    "A larger file is reported and stays.",
  ),
  minFileAgeMs: withDefault(
    "min_file_age",
    seconds(0, 86_400),
    "1",
    "Seconds since a file's last change, before which it may still be written to and waits; with path_type dirq that concerns only what is written in place, not what is renamed or linked into its directory.",
  ),
  maxLockMs: withDefault(
    "max_lock_age",
    seconds(10, 864_000),
    "600",
    "Seconds after which a lock is taken for left behind by a crash.",
  ),
  umask: withDefault(
    "umask",
    umask,
    "027",
    "The rights that files and directories do not get.",
  ),
  amsProject: optional("ams_project", anyText, "Only for AMS."),
  token: optional("token", anyText, "Only for AMS."),
};

/** Every section and key of a sender's file. */
export const SENDER_TABLES = {
  sender: SENDER,
  broker: BROKER,
  certificates: CERTIFICATES,
  messaging: MESSAGING,
  logging: LOGGING_TABLE,
};
