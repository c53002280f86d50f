/**
 * `openssl s_server`, which shows what no server in this process can be made
 * to: old versions, odd ciphers, refused clients.
 *
 * @module
 */
import type { TestPki } from "../../kit/pki/test_pki.ts";
import { startServer } from "../server_process.ts";

/** A running server. */
export interface OpensslServer extends AsyncDisposable {
  readonly port: number;
}

/** Starts one on a free port, with the certificate of the PKI's server. */
export async function opensslServer(
  { ca: { credentials: ca }, server }: Pick<TestPki, "ca" | "server">,
  ...options: string[]
): Promise<OpensslServer> {
  let port = 0;
  const running = await startServer("openssl", {
    args: [
      ...["s_server", "-accept", "127.0.0.1:0"],
      ...["-cert", server.certificatePath, "-key", server.keyPath],
      ...["-cert_chain", ca.certificatePath, "-CAfile", ca.certificatePath],
      ...options,
    ],
    // It would end with its input.
    stdin: "piped",
    ready: (line) => {
      port = Number(/ACCEPT .*:(\d+)/.exec(line)?.[1] ?? 0);
      return port > 0;
    },
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      await Promise.all([running.stop("SIGKILL"), running.stdin.abort()]);
    },
  };
}
