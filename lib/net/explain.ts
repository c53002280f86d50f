/**
 * What `node:net` and `node:tls` say, in words that name the remedy.
 *
 * @module
 */
import { isErrno, reason, SsmError, systemCode } from "../errors.ts";

const OLD_TLS = "offers only old TLS (needs TLS 1.2 with ECDHE and AES-GCM, " +
  "or TLS 1.3)";

/** One side of a TLS connection: what it calls the other, and what it showed. */
export interface TlsSide {
  /** What to call the other side. */
  readonly peer: "broker" | "server" | "client";
  /** Whether this side showed a certificate. */
  readonly certified: boolean;
}

/** What ended an established connection. */
export function explainLoss(
  error: unknown,
  remote: string,
  side?: TlsSide,
): SsmError {
  if (error instanceof SsmError) return error;
  const tls = side && explainTls(error, side);
  return tls === undefined
    ? new SsmError(
      "CONNECTION_LOST",
      `Lost connection to ${remote}: ${explainConnect(error)}`,
      { cause: error },
    )
    : new SsmError("TLS", `Lost connection to ${remote}: ${tls}`, {
      cause: error,
    });
}

/** Whether the system says that the connection is gone. */
export function isConnectionError(error: unknown): boolean {
  return isErrno(error, "ECONNRESET", "EPIPE", "ETIMEDOUT");
}

/** Why a TCP connection did not come about, or broke. */
export function explainConnect(error: unknown): string {
  switch (systemCode(error)) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ECONNRESET":
    case "EPIPE":
      return "connection reset by the peer";
    case "ETIMEDOUT":
      return "timed out";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "no route to this address";
    case "ENOTFOUND":
      return "name not found";
    case "EAI_AGAIN":
      return "name server does not answer";
    default:
      return reason(error);
  }
}

/**
 * What `node:tls` thinks of a chain of certificates. It is not asked to, and no
 * handshake ends for it; but where one ends because the signature with the
 * peer's key is wrong, this is what it says instead.
 */
const CHAIN_VERDICTS =
  /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|INVALID_PURPOSE)/;

/**
 * Why a peer broke off TLS, during the handshake or by an alert after it.
 *
 * @returns `undefined` when the error is none of TLS
 */
export function explainTls(
  error: unknown,
  { peer, certified }: TlsSide,
): string | undefined {
  const code = systemCode(error);
  if (CHAIN_VERDICTS.test(code)) {
    return `the ${peer} does not prove that its certificate is its own (the key is another one, or no TLS can be spoken with this certificate)`;
  }
  if (!code.startsWith("ERR_SSL_")) return undefined;
  const alert = /_ALERT_([A-Z_]+)$/.exec(code)?.[1];
  switch (alert) {
    case undefined:
      return code === "ERR_SSL_WRONG_VERSION_NUMBER"
        ? peer === "client"
          ? "the client does not speak TLS"
          : "this port does not speak TLS"
        : reason(error);
    case "CERTIFICATE_REQUIRED":
      return `the ${peer} wants a client certificate`;
    case "PROTOCOL_VERSION":
    case "INSUFFICIENT_SECURITY":
      return `the ${peer} ${OLD_TLS}`;
    case "HANDSHAKE_FAILURE":
      // In TLS 1.2 this alert has both meanings.
      return certified
        ? `the ${peer} ${OLD_TLS}`
        : `the ${peer} wants a client certificate, or ${OLD_TLS}`;
    case "BAD_CERTIFICATE":
      if (!certified) return `the ${peer} wants a client certificate`;
      break;
  }
  const words = alert.toLowerCase().replaceAll("_", " ");
  return `the ${peer} refuses our ${
    certified ? "certificate" : "handshake"
  } (${words})`;
}
