/**
 * The one shape in which everything above sees a network connection.
 *
 * @module
 */

/**
 * The far end's certificates, as they came in the TLS handshake. The handshake
 * has proved that the leaf's private key is the far end's.
 */
export interface PeerCertificates {
  /** The peer's own certificate, DER. */
  readonly leaf: Uint8Array;
  /** What else the peer sent (intermediates), DER, in the order sent. */
  readonly others: readonly Uint8Array[];
}

/** A connected byte stream, plain or TLS. */
export interface Socket {
  /** Bytes from the peer; ends when the peer closes, errors when the connection breaks. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Bytes to the peer; a write settles when the kernel has room again (backpressure). */
  readonly writable: WritableStream<Uint8Array>;
  /** The peer's address, `host:port`, for log lines. */
  readonly remote: string;
  /**
   * The peer's certificates; `undefined` on plain TCP, when the peer sent none,
   * or when its certificates were not to be judged.
   */
  readonly peer?: PeerCertificates | undefined;
  /** Aborted when the peer has ended its side or the connection broke, even if bytes of it are still to be read. */
  readonly ended?: AbortSignal | undefined;
  /** Ends the connection at once. Idempotent; pending reads end, pending writes fail. */
  close(): void;
}
