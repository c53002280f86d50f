/**
 * What every carrier of SSM2 is made with.
 *
 * @module
 */
import type { LiveIdentity } from "../../../credentials/mod.ts";
import type { Logger } from "../../../log/mod.ts";
import type { TrustStore } from "../../../pki/mod.ts";

/** What a carrier is made with, besides the configuration. */
export interface CarrierContext {
  readonly identity: LiveIdentity;
  readonly trust: TrustStore;
  /** The program's. */
  readonly log: Logger;
  /** Of what happens at the broker. */
  readonly wire: Logger;
  /** Is told what it is connected to, and of nothing when that has ended; with AMS, what the last call went well with. */
  readonly onConnection: ((broker: string | undefined) => void) | undefined;
}

/** The same for one that sends. */
export interface OutgoingContext extends CarrierContext {
  /** Aborting it ends all waiting. */
  readonly signal: AbortSignal;
}
