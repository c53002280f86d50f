/**
 * A site to measure on: certificates, directories and configuration files.
 *
 * @module
 */
import { join } from "node:path";
import { DirqSimple } from "../../lib/spool/mod.ts";
import { testPki } from "../../tests/kit/pki/test_pki.ts";

/** The queue of one measurement, so that none sees another's messages. */
export interface Lane {
  readonly queue: string;
  readonly outgoing: string;
  /** Holds incoming/ and reject/. */
  readonly received: string;
  readonly senderConfig: string;
  readonly receiverConfig: string;
}

/** Where everything is. */
export interface BenchSite extends AsyncDisposable {
  readonly caPath: string;
  /** RSA-2048, as grid hosts have. */
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly port: number;
  lane(options?: LaneOptions): Promise<Lane>;
}

/** What differs between measurements. */
export interface LaneOptions {
  /** @default 1 */
  readonly window?: number;
}

/** Makes one, for a broker on that port of the loopback interface. */
export async function makeBenchSite(port: number): Promise<BenchSite> {
  const pki = await testPki();
  const { certificatePath, keyPath } = pki.host;
  await Deno.writeTextFile(
    join(pki.dir, "dns"),
    "/C=UK/O=Test/CN=host.example.org\n",
  );
  let count = 0;
  const common = `[broker]
host = 127.0.0.1
port = ${port}
use_ssl = false

[certificates]
certificate = ${certificatePath}
key = ${keyPath}
capath = ${pki.caPath}
`;
  const lane = async ({ window = 1 }: LaneOptions = {}): Promise<Lane> => {
    const dir = join(pki.dir, `lane-${++count}`);
    await Deno.mkdir(dir);
    const queue = `/queue/bench.${count}.${crypto.randomUUID()}`;
    const lane: Lane = {
      queue,
      outgoing: join(dir, "outgoing"),
      received: join(dir, "received"),
      senderConfig: join(dir, "sender.cfg"),
      receiverConfig: join(dir, "receiver.cfg"),
    };
    await Deno.writeTextFile(
      lane.senderConfig,
      `[sender]\nprotocol = STOMP\n${common}
[messaging]
destination = ${queue}
path = ${lane.outgoing}
window = ${window}
max_message_size = 200M

[logging]
logfile = ${join(dir, "sender.log")}
level = INFO
console = false
`,
    );
    await Deno.writeTextFile(
      lane.receiverConfig,
      `[receiver]\nprotocol = STOMP\n${common}check_crls = true

[messaging]
destination = ${queue}
path = ${lane.received}
dn_file = ${join(pki.dir, "dns")}
max_message_size = 500M

[logging]
logfile = ${join(dir, "receiver.log")}
level = INFO
console = true
`,
    );
    return lane;
  };
  return {
    caPath: pki.caPath,
    certificatePath,
    keyPath,
    port,
    lane,
    [Symbol.asyncDispose]: () => pki[Symbol.asyncDispose](),
  };
}

/** Puts `count` accounting-like text files of about `bytes` bytes into a lane's outgoing. */
export async function fill(
  { outgoing }: Lane,
  count: number,
  bytes: number,
): Promise<void> {
  const spool = new DirqSimple(outgoing);
  const body = record(bytes);
  for (let i = 0; i < count; i++) await spool.add(body);
}

/** Text in the manner of an APEL message, trimmed, so that it travels as text. */
export function record(bytes: number): Uint8Array {
  const line = "WallDuration: 3600\nCpuDuration: 3400\nSite: SITE-A\n%%\n";
  const text = "APEL-individual-job-message: v0.3\n" +
    line.repeat(Math.ceil(bytes / line.length));
  return new TextEncoder().encode(text.slice(0, bytes).trim());
}
