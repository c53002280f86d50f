/**
 * Calls of AMS with the token that belongs to them.
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { type Logger, silentLogger } from "../log/mod.ts";
import {
  HttpClient,
  type HttpStatistics,
  type KeyPair,
  proxyFor,
} from "../net/mod.ts";
import { isAmsError } from "./call/ams_error.ts";
import { notUnderstood, readAnswer } from "./call/answer.ts";
import { type AmsCall, makeCall } from "./call/call.ts";
import { fetchToken } from "./user/login.ts";
import type { AmsClientOptions } from "./options.ts";
import { Tokens } from "./user/tokens.ts";

/** Most bytes of an answer that holds no messages. */
const MAX_ANSWER_BYTES = 1 << 20;
const TIMEOUT_MS = 30_000;

/** What a client has done so far, the calls of the authentication service included. */
export interface AmsStatistics extends HttpStatistics {
  /** Tokens asked for with a certificate. */
  readonly logins: number;
}

/** Reads what a good answer says; `undefined` when it does not say it. */
type Reader<T> = (value: Readonly<Record<string, unknown>>) => T | undefined;

/** One service, one user. */
export class AmsSession {
  readonly #options: AmsClientOptions;
  readonly #log: Logger;
  readonly #http: HttpClient;
  readonly #tokens: Tokens;
  readonly #closed = new AbortController();
  /** What the clients did that were made for one login each. */
  #past: HttpStatistics = {
    requests: 0,
    connections: 0,
    sentBytes: 0,
    receivedBytes: 0,
  };
  #logins = 0;

  constructor(options: AmsClientOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLogger();
    this.#http = this.#client(options.port ?? 443);
    this.#tokens = new Tokens(options.credential, () => this.#login());
  }

  get statistics(): AmsStatistics {
    return { ...sum(this.#past, this.#http.statistics), logins: this.#logins };
  }

  /**
   * Makes a call, and once more with a new token when the first is refused.
   *
   * @param missing what the answer lacks when `read` does not find it
   */
  async ask<T>(
    call: AmsCall,
    signal: AbortSignal | undefined,
    read: Reader<T>,
    missing = "something else",
  ): Promise<T> {
    if (call.anonymous) return await this.#once(call, signal, read, missing);
    const token = await shared(this.#tokens.current(), signal);
    try {
      return await this.#once(call, signal, read, missing, token);
    } catch (error) {
      if (!isAmsError(error, "unauthorized")) throw error;
      const other = await shared(this.#tokens.renewed(token), signal);
      if (other === undefined) throw error;
      this.#log.info("The AMS token was refused; using a new one.");
      return await this.#once(call, signal, read, missing, other);
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#closed.abort();
    this.#http.close();
  }

  async #once<T>(
    call: AmsCall,
    signal: AbortSignal | undefined,
    read: Reader<T>,
    missing: string,
    token?: string,
  ): Promise<T> {
    const { timeoutMs = TIMEOUT_MS, maxAnswerBytes = MAX_ANSWER_BYTES } =
      this.#options;
    const { host, port = 443 } = this.#options;
    const answered = await makeCall(this.#http, {
      ...{ call, token, timeoutMs, signal },
      maxAnswerBytes: call.maxAnswerBytes ?? maxAnswerBytes,
      whom: `AMS at ${host}:${port}`,
      secrets: () => this.#tokens.secrets,
    });
    const value = read(readAnswer(answered));
    if (value === undefined) throw notUnderstood(answered, missing);
    return value;
  }

  /** A new token, by a connection of its own: the certificate is shown nowhere else. */
  async #login(): Promise<string> {
    const { credential, host, project, timeoutMs = TIMEOUT_MS } = this.#options;
    if (credential.kind === "token") {
      throw new TypeError("nothing to log in with");
    }
    const { certificatePem, keyPem } = await credential.identity();
    const port = credential.authnPort ?? 8443;
    const http = this.#client(port, {
      certificate: certificatePem,
      key: keyPem,
    });
    this.#logins++;
    try {
      return await fetchToken({
        ...{ http, host, port, project, certificatePem, timeoutMs },
        signal: this.#closed.signal,
      });
    } finally {
      this.#past = sum(this.#past, http.statistics);
      http.close();
    }
  }

  #client(port: number, keyPair?: KeyPair): HttpClient {
    const { host, trust, environment, clock } = this.#options;
    const verify = trust ?? { roots: "public" };
    return new HttpClient({
      ...{ host, port, clock },
      tls: { verify, keyPair },
      proxy: environment && proxyFor(environment, host, port),
    });
  }
}

function sum(a: HttpStatistics, b: HttpStatistics): HttpStatistics {
  return {
    requests: a.requests + b.requests,
    connections: a.connections + b.connections,
    sentBytes: a.sentBytes + b.sentBytes,
    receivedBytes: a.receivedBytes + b.receivedBytes,
  };
}

/** What others work on, for a caller that may give up on it before. */
async function shared<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () =>
    reject(
      new SsmError("ABORTED", "Cannot get an AMS token: stopped on request", {
        cause: signal.reason,
      }),
    );
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
