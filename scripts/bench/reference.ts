/**
 * What is compared with: one message after the other, each through forks of the
 * openssl command, as the Python SSM works.
 *
 * @module
 */
import { dial } from "../../lib/net/mod.ts";
import { DirqSimple } from "../../lib/spool/mod.ts";
import { StompClient } from "../../lib/stomp/mod.ts";
import type { BenchSite, Lane } from "./site.ts";

/** A site, and the port of its broker. */
export interface ReferenceSite {
  readonly site: BenchSite;
  readonly port: number;
}

/** How often the original looks whether the receipt has come, in ms. */
const POLL_MS = 10;

/** Signs by a fork, sends, polls for the receipt, removes; the seconds it took. */
export async function referenceSend(
  { site, port }: ReferenceSite,
  { outgoing, destination }: Lane,
): Promise<number> {
  const started = performance.now();
  const spool = new DirqSimple(outgoing);
  await using client = await connect(port);
  for (const name of await spool.list()) {
    await using entry = (await spool.lock(name))!;
    const signed = await signByFork(site, await entry.read());
    let confirmed = false;
    const receipt = client.send(destination, signed, {
      receipt: name,
      headers: { "empa-id": name },
    }).then(() => confirmed = true);
    while (!confirmed) await pause(POLL_MS);
    await receipt;
    await entry.remove();
  }
  return (performance.now() - started) / 1000;
}

/** Four forks for each message, then files without syncs; the seconds it took. */
export async function referenceReceive(
  { site, port }: ReferenceSite,
  { received, source }: Lane,
  count: number,
): Promise<number> {
  await using client = await connect(port);
  await Deno.mkdir(received, { recursive: true });
  const started = performance.now();
  const messages = await client.subscribe(source, { ack: "auto" });
  let done = 0;
  for await (const { body } of messages) {
    await fileByForks(site, body, `${received}/${done}`);
    if (++done === count) break;
  }
  return (performance.now() - started) / 1000;
}

/** Signs as the original does. */
export async function signByFork(
  { keyPath, certificatePath }: BenchSite,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  return await openssl([
    ...["smime", "-sign", "-text"],
    ...["-inkey", keyPath, "-signer", certificatePath],
  ], bytes);
}

/** Verifies and files a message as the original does: four forks, no syncs. */
export async function fileByForks(
  { caPath }: BenchSite,
  body: Uint8Array,
  element: string,
): Promise<void> {
  const p7s = await openssl(["smime", "-pk7out"], body);
  const certificate = await openssl(["pkcs7", "-print_certs"], p7s);
  await openssl(["verify", "-CApath", caPath], certificate);
  const text = await openssl(
    ["smime", "-verify", "-CApath", caPath, "-noverify", "-text"],
    body,
  );
  await Deno.mkdir(element);
  await Deno.writeFile(`${element}/body`, text);
  await Deno.writeFile(`${element}/signer`, certificate);
}

async function connect(port: number): Promise<StompClient> {
  const socket = await dial({ host: "127.0.0.1", port });
  return await StompClient.connect(socket, { host: "localhost" });
}

async function openssl(
  args: readonly string[],
  input: Uint8Array,
): Promise<Uint8Array> {
  const child = new Deno.Command("openssl", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const [{ success, stdout }] = await Promise.all([
    child.output(),
    new Blob([new Uint8Array(input)]).stream().pipeTo(child.stdin),
  ]);
  if (!success) throw new Error(`openssl ${args.join(" ")} failed`);
  return stdout;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
