/**
 * What the files of sender and receiver say of the ARGO Messaging Service.
 *
 * @module
 */
import { amsName } from "../schema/ams_name.ts";
import {
  boolean,
  integer,
  oneHost,
  oneOf,
  path,
  seconds,
  secret,
  size,
  word,
} from "../schema/kinds.ts";
import { optional, required, withDefault } from "../schema/keys.ts";

/** `[broker]` of AMS */
export const AMS_BROKER_TABLE = {
  host: required("host", oneHost).means(
    "The messaging service. It may have a :port where a token is given, or authn_port; without it the port is 443.",
  ),
  authnPort: withDefault("authn_port", integer(1, 65535), "8443").means(
    "The port of the authentication service on the same host, which gives a token for the host certificate. Not asked where a token is given.",
  ),
  trust: withDefault("ams_trust", oneOf("public", "capath"), "public").means(
    "From whom the service may have its certificate: with public from a public CA or one of capath, with capath from one of capath alone.",
  ),
  timeoutMs: withDefault("ams_timeout", seconds(1, 600), "30").means(
    "Seconds that one request may take, from the connection to the end of the answer.",
  ),
};

/** `[messaging]` of AMS, on either side */
export const AMS_MESSAGING_TABLE = {
  project: required("ams_project", amsName).means(
    "The project of the topic or subscription.",
  ),
  token: optional("token", secret(word)).means(
    "The token of a user of the service. Without it, and without token_file, one is fetched with the host certificate.",
  ),
  tokenFile: optional("token_file", path).means(
    "A file whose first line is the token. It is read again when it changes.",
  ),
};

/** `[messaging]` of AMS, for a sender alone */
export const AMS_SENDING_TABLE = {
  destination: required("destination", amsName).means("The topic to send to."),
  window: withDefault("window", integer(1, 1000), "200").means(
    "How many messages may be unconfirmed at a time: so many may be sent twice after a crash, with the same id.",
  ),
  batch: withDefault("ams_batch", integer(1, 1000), "100").means(
    "How many messages go with one request at most.",
  ),
  batchBytes: withDefault("ams_batch_size", size(65_536, 64 << 20), "8M").means(
    "How much goes with one request at most, a single larger message excepted.",
  ),
  messageLimit: withDefault(
    "ams_message_limit",
    size(1000, 1_450_000),
    "1000000",
  ).means(
    "A message that is larger, as the service stores it (JSON around base64), is reported and stays: the service would refuse or lose it. 1450000 at most.",
  ),
};

/** `[messaging]` of AMS, for a receiver alone */
export const AMS_RECEIVING_TABLE = {
  destination: required("destination", amsName).means(
    "The subscription to receive from.",
  ),
  window: withDefault("window", integer(1, 1000), "300").means(
    "How many messages are taken with one request at most.",
  ),
  batchBytes: withDefault("ams_batch_size", size(65_536, 64 << 20), "8M")
    .means(
      "How much is to be taken with one request: fewer messages are asked for where they are large.",
    ),
  pollPauseMs: withDefault("ams_poll_pause", seconds(0.5, 3600), "10").means(
    "Seconds between two looks at a subscription in which nothing comes, at most; the pauses grow from 0.5 up to it.",
  ),
  skipBroken: withDefault("ams_skip_broken", boolean, "false").means(
    "Whether a message that cannot be pulled is skipped, and lost: one that the service has stored broken, or one far larger than max_message_size. Otherwise it holds up all behind it until somebody moves the offset of the subscription past it.",
  ),
};
