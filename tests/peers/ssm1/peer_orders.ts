/**
 * What a foreign peer can be told.
 *
 * @module
 */
import type { Credentials } from "../openssl/openssl.ts";

/** What a peer is and where. */
export interface PeerSettings {
  readonly port: number;
  /** Its certificate and key. */
  readonly as: Credentials;
  readonly caPath: string;
  /** Its directory: incoming, outgoing, ack, reject are made in it. */
  readonly path: string;
  readonly producer?: {
    readonly topic: string;
    readonly consumerDn: string;
    /** Where it listens for answers. */
    readonly ack: string;
  };
  readonly consumer?: {
    readonly topic: string;
    /** The file of the DNs it takes messages from. */
    readonly dns: string;
  };
}

/** How a message differs from a proper one. */
export interface Deviations {
  /** @default the name of the file */
  readonly id?: string;
  readonly form?:
    | "proper"
    | "plain"
    | "unencrypted"
    | "unsigned"
    | "uncompressed"
    | "truncated"
    | "zlib";
  /** Options of `openssl smime -encrypt`. @default ["-des3"] */
  readonly cipher?: readonly string[];
  /** Of the signature. @default openssl's own */
  readonly digest?: string;
  /** Encrypts to this certificate file, without asking for one. */
  readonly recipient?: string;
  /** Signs as somebody else. */
  readonly signer?: Readonly<{ certificate: string; key: string }>;
  /** The name of the header that confirms the ack before; empty for none. @default "ssm-reack" */
  readonly reack?: string;
  /** Headers to set, or with null to leave out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** How often the very same frame is sent. @default 1 */
  readonly times?: number;
}

/** What a peer does wrong, and when. */
export interface Faults {
  /** Of the answers to come, one by one, whether they are lost; those after them are not. */
  readonly lose?: Readonly<Partial<Record<"ack" | "certresp", boolean[]>>>;
  /** How many messages to answer with REJECTED. */
  readonly reject?: number;
  /** The certificate file to answer with, from now on. */
  readonly certificate?: string;
}
