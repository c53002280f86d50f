/**
 * What the demonstration needs to know of a protocol.
 *
 * @module
 */
import type { DemoSite, HostRole } from "./site.ts";

/** A message as a receiver has filed it. */
export interface Arrived {
  readonly name: string;
  /** The name it had in outgoing, where the protocol tells. */
  readonly sentAs: string | undefined;
  readonly signer: string;
  readonly body: Uint8Array;
  /** Empty for an accepted message. */
  readonly error: string;
}

/** One of the protocols, as the demonstration uses it. */
export interface DemoProtocol {
  /** What a receiver says when messages can come. */
  readonly ready: RegExp;
  /** Exit status of the sender whose message was refused: SSM1's is told. */
  readonly refusedStatus: number;
  /** Options of a receiver, besides its configuration. */
  readonly receiverOptions: readonly string[];
  /** The commands to try next, with their options. */
  readonly commands: { readonly receive: string; readonly send: string };
  /** The file of the broker, for that port of the loopback interface; what it names is written. */
  broker(site: DemoSite, port: number): string;
  /** The file of the receiver, for a broker on that port of the loopback interface. */
  receiver(site: DemoSite, port: number): string;
  /** The file of a sender, for the same broker. */
  sender(site: DemoSite, port: number, role: HostRole): string;
  /** Drops a file into an outgoing directory; its name there. */
  drop(outgoing: string, bytes: Uint8Array): Promise<string>;
  /** What an outgoing directory holds. */
  waiting(outgoing: string): Promise<string[]>;
  /** What `incoming` or `reject` holds. */
  filed(path: string): Promise<Arrived[]>;
}
