/**
 * `openssl s_server`, which shows what no server in this process can be made
 * to: old versions, odd ciphers, refused clients.
 *
 * @module
 */
import type { Material } from "../../kit/pki/net_material.ts";

/** A running server. */
export interface OpensslServer extends AsyncDisposable {
  readonly port: number;
}

/** Starts one on a free port, with the certificate of the material's server. */
export async function opensslServer(
  { ca, server }: Material,
  ...options: string[]
): Promise<OpensslServer> {
  const child = new Deno.Command("openssl", {
    args: [
      ...["s_server", "-accept", "127.0.0.1:0"],
      ...["-cert", server.certificatePath, "-key", server.keyPath],
      ...["-cert_chain", ca.certificatePath, "-CAfile", ca.certificatePath],
      ...options,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const port = /ACCEPT .*:(\d+)/.exec(text)?.[1];
    if (port !== undefined) {
      return {
        port: Number(port),
        async [Symbol.asyncDispose]() {
          child.kill("SIGKILL");
          await Promise.all([output.cancel(), child.stdin.abort()]);
          await child.status;
        },
      };
    }
    const { value, done } = await output.read();
    if (done) throw new Error(`openssl s_server ended: ${text}`);
    text += value;
  }
}
