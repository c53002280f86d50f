/**
 * The keys of an embedded broker's file.
 *
 * @module
 */
import { LOGGING_TABLE } from "./shared_tables.ts";
import { optional, withDefault } from "./keys.ts";
import { boolean, integer, oneOf, path, text } from "./kinds.ts";

const STOMPSERVER = {
  host: withDefault("host", text, "127.0.0.1", "The address to listen on."),
  port: withDefault(
    "port",
    integer(0, 65535),
    "61613",
    "The port to listen on; 0 takes a free one.",
  ),
  tls: withDefault(
    "tls",
    oneOf("off", "on", "strict"),
    "off",
    "Whether clients use TLS; strict demands a client certificate that chains to capath.",
  ),
  certificate: optional(
    "certificate",
    path,
    "The certificate of the broker (PEM); needed for TLS.",
  ),
  key: optional(
    "key",
    path,
    "The private key of that certificate (PEM); needed for TLS.",
  ),
  keyPassphraseFile: optional(
    "key_passphrase_file",
    path,
    "A file whose first line is the passphrase of an encrypted key.",
  ),
  capath: optional(
    "capath",
    path,
    "The directory of trusted CA certificates and CRLs; needed for strict.",
  ),
  checkCrls: withDefault(
    "check_crls",
    boolean,
    "false",
    "Whether client certificates are looked up in the CRLs in capath.",
  ),
  usersFile: optional(
    "users",
    path,
    "A file of login:passcode lines. Without it everyone who can connect may.",
  ),
};

/** Every section and key of an embedded broker's file. */
export const STOMPSERVER_TABLES = {
  stompserver: STOMPSERVER,
  logging: LOGGING_TABLE,
};
