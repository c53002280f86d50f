/**
 * The keys of a receiver's file.
 *
 * @module
 */
import {
  AMS_BROKER_TABLE,
  AMS_MESSAGING_TABLE,
  AMS_RECEIVING_TABLE,
} from "./ams_tables.ts";
import {
  BROKER_TABLE,
  CERTIFICATES_TABLE,
  LOGGING_TABLE,
  MESSAGING_TABLE,
  PIDFILE_TABLE,
  PROTOCOL_TABLE,
  WINDOW,
} from "./shared_tables.ts";
import { destination } from "../schema/destination.ts";
import { required, withDefault } from "../schema/keys.ts";
import { boolean, integer, type Kind, path, size } from "../schema/kinds.ts";

/** Yes or no in this file; three words in the one of SSM1. */
const weakDigests: Kind<"none" | "all"> = {
  allowed: boolean.allowed,
  parse: (text) => {
    const all = boolean.parse(text);
    return all === undefined ? undefined : all ? "all" : "none";
  },
};

const CERTIFICATES = {
  ...CERTIFICATES_TABLE,
  checkCrls: withDefault("check_crls", boolean, "true").means(
    "Whether signers and the broker (with AMS, unless a public CA has made its certificate) are looked up in the CRLs in capath; a CA without a CRL is then refused.",
  ),
  retryUntrusted: withDefault("retry_untrusted", boolean, "true").means(
    "Whether messages in reject for want of a valid CRL or CA certificate are judged again when there is one.",
  ),
  allowWeakDigests: withDefault("allow_weak_digests", weakDigests, "false")
    .means(
      "Whether signatures with SHA-1 or MD5 are accepted.",
    ),
};

const MESSAGING = {
  destination: required("destination", destination).means(
    "The queue or topic to receive from.",
  ),
  path: required("path", path).means(
    "The directory in which incoming and reject are.",
  ),
  dnFile: withDefault("dn_file", path, "/etc/apel/dns").means(
    "The list of allowed signers.",
  ),
  window: WINDOW,
  maxMessageBytes: withDefault("max_message_size", size(1, 1024 ** 3), "256M")
    .means(
      "A larger message, as it is on the wire, stays on the broker, and others pass it; with AMS it goes to reject.",
    ),
  remembered: withDefault(
    "remembered_messages",
    integer(1000, 1_000_000),
    "100000",
  ).means(
    "How many delivered messages are remembered, so that one that comes again is not written twice.",
  ),
  ...MESSAGING_TABLE,
};

/** Every section and key of a receiver's file, with either protocol. */
export const RECEIVER_TABLES = {
  STOMP: {
    receiver: PROTOCOL_TABLE,
    broker: BROKER_TABLE,
    certificates: CERTIFICATES,
    messaging: MESSAGING,
    logging: LOGGING_TABLE,
    daemon: PIDFILE_TABLE,
  },
  AMS: {
    receiver: PROTOCOL_TABLE,
    broker: AMS_BROKER_TABLE,
    certificates: CERTIFICATES,
    messaging: { ...MESSAGING, ...AMS_MESSAGING_TABLE, ...AMS_RECEIVING_TABLE },
    logging: LOGGING_TABLE,
    daemon: PIDFILE_TABLE,
  },
};
