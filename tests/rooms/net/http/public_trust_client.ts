/**
 * A program that asks a server whom it trusts by the public authorities alone, and
 * says what became of it. Its arguments: the host, and a port of this machine.
 *
 * It is a program because the runtime reads at its start which authorities are
 * public (`DENO_CERT` adds to them), and to show which permissions that needs.
 *
 * @module
 */
import { isSsmError } from "../../../../lib/errors.ts";
import { HttpClient } from "../../../../lib/net/mod.ts";

const [host = "", port] = Deno.args;
using client = new HttpClient({
  host,
  port: Number(port),
  tls: { verify: { roots: "public" } },
  resolve: () => Promise.resolve(["127.0.0.1"]),
});
try {
  await client.call({
    method: "GET",
    path: "/",
    timeoutMs: 10_000,
    maxAnswerBytes: 1000,
  });
  console.log("trusted");
} catch (error) {
  if (!isSsmError(error)) throw error;
  console.log(`${error.code} ${error.message}`);
}
