/**
 * A client of AMS with peers that answer as a test wants.
 *
 * @module
 */
import type { LogRecord } from "../../../lib/log/mod.ts";
import { Logger } from "../../../lib/log/mod.ts";
import {
  AmsClient,
  type AmsClientOptions,
  AmsError,
  type AmsErrorKind,
} from "../../../lib/ams/mod.ts";
import { HttpsPeer, type PeerAnswer, reply } from "../../kit/net/https_peer.ts";
import { type TestPki, testPki } from "../../kit/pki/test_pki.ts";
import { trustIn } from "../../kit/pki/trust_in.ts";
import type { Credentials } from "../../peers/openssl/openssl.ts";

/** Made once for all tests of a file. */
export const PKI: TestPki = await testPki();
addEventListener("unload", () => Deno.removeSync(PKI.dir, { recursive: true }));

/** A client, AMS, and the authentication service. */
export interface AmsSite extends AsyncDisposable {
  readonly client: AmsClient;
  readonly ams: HttpsPeer;
  readonly authn: HttpsPeer;
  /** What the client has said. */
  readonly said: readonly LogRecord[];
}

/** Starts it; the client has the token `t0ken`, or that certificate. */
export async function amsSite(
  options: Partial<AmsClientOptions> & { certificate?: Credentials } = {},
): Promise<AmsSite> {
  const { certificate, ...others } = options;
  const ams = await HttpsPeer.listen({ credentials: PKI.server });
  const authn = await HttpsPeer.listen({
    credentials: PKI.server,
    clientCa: PKI.ca.credentials.certificatePem,
  });
  const said: LogRecord[] = [];
  const client = new AmsClient({
    host: "localhost",
    port: ams.port,
    project: "ACC",
    credential: certificate === undefined
      ? { kind: "token", token: () => "t0ken" }
      : {
        kind: "certificate",
        authnPort: authn.port,
        identity: () => certificate,
      },
    trust: trustIn(PKI.ca.credentials.certificatePem),
    log: new Logger("ssm.ams", [(record) => said.push(record)], "DEBUG"),
    ...others,
  });
  return {
    ...{ client, ams, authn, said },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await Promise.all(
        [ams, authn].map((peer) => peer[Symbol.asyncDispose]()),
      );
    },
  };
}

/** An answer with this value as JSON. */
export function json(value: unknown, status = 200): PeerAnswer {
  return reply(status, JSON.stringify(value, undefined, 3));
}

/** An error as AMS writes it. */
export function refusal(status: number, message: string): PeerAnswer {
  return json({ error: { code: status, message, status: "STATUS" } }, status);
}

/** What to throw with: an {@linkcode AmsError} of this kind, with these words. */
export function amsError(kind: AmsErrorKind, words: RegExp = /./) {
  return (error: unknown) =>
    error instanceof AmsError && error.code === "AMS_ERROR" &&
    error.kind === kind && words.test(`${error.message} | ${error.hint ?? ""}`);
}

/** A value that was sent. */
export function sent(peer: HttpsPeer): unknown {
  return JSON.parse(new TextDecoder().decode(peer.last.body));
}
