/**
 * What a client of AMS is told.
 *
 * @module
 */
import type { Logger } from "../log/mod.ts";
import type { PeerVerifier, PublicTrust } from "../net/mod.ts";
import type { Clock } from "../time/mod.ts";
import type { AmsCredential } from "./user/credential.ts";

/** Settings of an {@linkcode AmsClient}. */
export interface AmsClientOptions {
  /** The host, such as `msg.argo.grnet.gr`. */
  readonly host: string;
  /** The port of the service. @default 443 */
  readonly port?: number | undefined;
  /** The project in which topics and subscriptions are looked for. */
  readonly project: string;
  /** A token, or a certificate for which the authentication service gives one. */
  readonly credential: AmsCredential;
  /**
   * Whom to take for the service: one that the public authorities, or a verifier
   * besides, vouch for; or what a verifier alone says, such as that of a CA directory.
   * @default the public authorities
   */
  readonly trust?: PeerVerifier | PublicTrust | undefined;
  /**
   * Reads a variable of the environment: `HTTPS_PROXY`, `ALL_PROXY` and
   * `NO_PROXY`, which tell of a proxy. @default none, no proxy
   */
  readonly environment?: ((name: string) => string | undefined) | undefined;
  /** Time for one call, from the search for the host's address to the last byte of the answer. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Most bytes of an answer. @default 1 MiB, for a pull 64 MiB or what one message of `maxMessageBytes` needs */
  readonly maxAnswerBytes?: number | undefined;
  /** Most bytes of a message that is pulled alone, where that is more than a pull may bring otherwise. @default 48 MiB */
  readonly maxMessageBytes?: number | undefined;
  /** @default nothing is said */
  readonly log?: Logger | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
}
