/**
 * The keys of a receiver's file.
 *
 * @module
 */
import {
  BROKER_TABLE,
  CERTIFICATES_TABLE,
  LOGGING_TABLE,
  PROTOCOL_TABLE,
} from "./shared_tables.ts";
import { destination } from "../schema/destination.ts";
import { optional, required, withDefault } from "../schema/keys.ts";
import {
  anyText,
  boolean,
  integer,
  path,
  size,
  umask,
} from "../schema/kinds.ts";

const CERTIFICATES = {
  ...CERTIFICATES_TABLE,
  checkCrls: withDefault(
    "check_crls",
    boolean,
    "true",
    "Whether signers and the broker are looked up in the CRLs in capath; a CA without a CRL is then refused.",
  ),
  retryUntrusted: withDefault(
    "retry_untrusted",
    boolean,
    "true",
    "Whether messages in reject for want of a valid CRL or CA certificate are judged again when there is one.",
  ),
  allowWeakDigests: withDefault(
    "allow_weak_digests",
    boolean,
    "false",
    "Whether signatures with SHA-1 or MD5 are accepted.",
  ),
};

const MESSAGING = {
  destination: required(
    "destination",
    destination,
    "The queue or topic to receive from.",
  ),
  path: required(
    "path",
    path,
    "The directory in which incoming and reject are.",
  ),
  dnFile: withDefault(
    "dn_file",
    path,
    "/etc/apel/dns",
    "The list of allowed signers.",
  ),
  window: withDefault(
    "window",
    integer(1, 1000),
    "16",
    "How many messages the broker may send ahead.",
  ),
  maxMessageBytes: withDefault(
    "max_message_size",
    size(1, 1024 ** 3),
    "256M",
    "A larger message, as it is on the wire, stays on the broker, and others pass it.",
  ),
  remembered: withDefault(
    "remembered_messages",
    integer(1000, 1_000_000),
    "100000",
    "How many delivered messages are remembered, so that one that comes again is not written twice.",
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

const DAEMON = {
  pidfile: optional(
    "pidfile",
    path,
    "Where the process id is written, against a second receiver. Without it there is no such guard.",
  ),
};

/** Every section and key of a receiver's file. */
export const RECEIVER_TABLES = {
  receiver: PROTOCOL_TABLE,
  broker: BROKER_TABLE,
  certificates: CERTIFICATES,
  messaging: MESSAGING,
  logging: LOGGING_TABLE,
  daemon: DAEMON,
};
