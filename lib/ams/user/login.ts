/**
 * A token in exchange for a certificate, from the authentication service.
 *
 * @module
 */
import { isSsmError, quoted, SsmError } from "../../errors.ts";
import type { HttpClient } from "../../net/mod.ts";
import { formatDn, readCertificates } from "../../pki/mod.ts";
import { notUnderstood, readAnswer } from "../call/answer.ts";
import { type AmsCall, makeCall } from "../call/call.ts";
import type { CertificateHints } from "../call/hints.ts";
import { textField } from "../call/json.ts";
import { serviceDn, unregistrable } from "./service_dn.ts";
import { isToken } from "./tokens.ts";

/** What a login needs. */
export interface LoginOptions {
  /** The client that shows the certificate. */
  readonly http: HttpClient;
  /** The host of AMS and of the authentication service. */
  readonly host: string;
  /** The port of the authentication service. */
  readonly port: number;
  readonly project: string;
  readonly certificatePem: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** An answer with a token is short. */
const MAX_ANSWER_BYTES = 64 << 10;

/**
 * Fetches the token.
 *
 * @throws {AmsError} `unregistered` when the service does not know the
 * certificate or refuses it, `not found`, `unavailable`, `not understood`
 * @throws {SsmError} as {@linkcode HttpClient.call}
 */
export async function fetchToken(options: LoginOptions): Promise<string> {
  const { http, host, port, project, timeoutMs, signal } = options;
  const call: AmsCall = {
    verb: "login",
    action: `get a token for ${quoted(host)}`,
    place: {
      project,
      what: "login",
      credential: "certificate",
      certificate: certificateHints(options.certificatePem),
    },
    method: "GET",
    path: `/v1/service-types/ams/hosts/${encodeURIComponent(host)}:authx509`,
    repeatable: true,
  };
  const answered = await makeCall(http, {
    ...{ call, timeoutMs, signal, maxAnswerBytes: MAX_ANSWER_BYTES },
    whom: `the authentication service at ${host}:${port}`,
    secrets: () => [],
  }).catch((error) => {
    throw withHint(error, call.place.certificate?.refused);
  });
  const token = textField(readAnswer(answered), "token");
  if (token === undefined || !isToken(token)) {
    throw notUnderstood(answered, "no token");
  }
  return token;
}

/** A service that does not take a certificate may say so by TLS, or only hang up. */
function withHint(error: unknown, hint: string | undefined): unknown {
  if (
    !isSsmError(error, "CONNECTION_LOST") &&
    !(isSsmError(error, "TLS") && /refuses our certificate/.test(error.message))
  ) return error;
  return new SsmError(error.code, error.message, { cause: error, hint });
}

/** What to do when the service knows no such DN, or does not take the certificate. */
function certificateHints(pem: string): CertificateHints | undefined {
  const [certificate] = readCertificates(pem);
  if (certificate === undefined) return undefined;
  const { subject } = certificate;
  const dn = quoted(formatDn(subject));
  const reasons = unregistrable(subject);
  const known = `the authentication service looks for ${
    quoted(serviceDn(subject))
  }`;
  return {
    unknown: reasons.length > 0
      ? `Use another certificate: that of ${dn} can never be found, because ${
        reasons.join(", and ")
      } (${known}).`
      : `Register the DN ${dn} as the host DN of the service's endpoint in GOCDB, in production (IN_PRODUCTION=Y), and wait some hours (${known}).`,
    refused:
      `Look at the certificate of ${dn}: it must be valid, of an authority that the service trusts, and say where its revocation list is.`,
  };
}
