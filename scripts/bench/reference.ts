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

/** How often the original looks whether the receipt has come, in ms. */
const POLL_MS = 10;

/** Signs by a fork, sends, polls for the receipt, removes; the seconds it took. */
export async function referenceSend(
  site: BenchSite,
  { outgoing, queue }: Lane,
): Promise<number> {
  const started = performance.now();
  const spool = new DirqSimple(outgoing);
  await using client = await connect(site.port);
  for (const name of await spool.list()) {
    await using entry = (await spool.lock(name))!;
    const signed = await openssl([
      "smime",
      "-sign",
      "-text",
      "-inkey",
      site.keyPath,
      "-signer",
      site.certificatePath,
    ], await entry.read());
    let confirmed = false;
    const receipt = client.send(queue, signed, {
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
  site: BenchSite,
  { received, queue }: Lane,
  count: number,
): Promise<number> {
  await using client = await connect(site.port);
  await Deno.mkdir(received, { recursive: true });
  const started = performance.now();
  const messages = await client.subscribe(queue, { ack: "auto" });
  let done = 0;
  for await (const { body } of messages) {
    const p7s = await openssl(["smime", "-pk7out"], body);
    const certificate = await openssl(["pkcs7", "-print_certs"], p7s);
    await openssl(["verify", "-CApath", site.caPath], certificate);
    const text = await openssl(
      ["smime", "-verify", "-CApath", site.caPath, "-noverify", "-text"],
      body,
    );
    const element = `${received}/${done}`;
    await Deno.mkdir(element);
    await Deno.writeFile(`${element}/body`, text);
    await Deno.writeFile(`${element}/signer`, certificate);
    if (++done === count) break;
  }
  return (performance.now() - started) / 1000;
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
