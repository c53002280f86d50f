/**
 * A client and a peer that trust each other.
 *
 * @module
 */
import {
  HttpClient,
  type HttpClientOptions,
  type HttpRequest,
} from "../../../../lib/net/mod.ts";
import { HttpsPeer } from "../../../kit/net/https_peer.ts";
import { trustIn } from "../../../kit/pki/trust_in.ts";
import { type TestPki, testPki } from "../../../kit/pki/test_pki.ts";

/** Made once for all tests of a file. */
export const MATERIAL: TestPki = await testPki();
addEventListener(
  "unload",
  () => Deno.removeSync(MATERIAL.dir, { recursive: true }),
);

/** A call that a test then changes. */
export const GET: HttpRequest = {
  method: "GET",
  path: "/",
  timeoutMs: 20_000,
  maxAnswerBytes: 1 << 20,
};

/** A peer with its client. */
export interface HttpSite extends AsyncDisposable {
  readonly peer: HttpsPeer;
  readonly client: HttpClient;
}

/** Starts it. */
export async function httpSite(
  options: Partial<HttpClientOptions> = {},
): Promise<HttpSite> {
  const peer = await HttpsPeer.listen({ credentials: MATERIAL.server });
  const client = new HttpClient({
    host: "localhost",
    port: peer.port,
    tls: {
      verify: {
        roots: "public",
        besides: trustIn(MATERIAL.ca.credentials.certificatePem),
      },
    },
    ...options,
  });
  return {
    peer,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await peer[Symbol.asyncDispose]();
    },
  };
}
