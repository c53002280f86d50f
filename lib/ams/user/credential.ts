/**
 * Who a client of AMS is.
 *
 * @module
 */

/** Who the client is. */
export type AmsCredential =
  | {
    readonly kind: "token";
    /** The token of an AMS user, asked for at each call: a file may hold it that is renewed. */
    readonly token: () => string | Promise<string>;
  }
  | {
    readonly kind: "certificate";
    /** The port of the authentication service, on the same host. @default 8443 */
    readonly authnPort?: number | undefined;
    /** The certificate, asked for at each login: it may be renewed. */
    readonly identity: () => AmsIdentity | Promise<AmsIdentity>;
  };

/** A certificate with its key. */
export interface AmsIdentity {
  /** PEM; intermediates may follow it. */
  readonly certificatePem: string;
  /** PEM, not encrypted. */
  readonly keyPem: string;
}
