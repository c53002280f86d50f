/**
 * A site to measure on: certificates, directories and configuration files.
 *
 * @module
 */
import { join } from "node:path";
import { DirqSimple } from "../../lib/spool/mod.ts";
import { type TestPki, testPki } from "../../tests/kit/pki/test_pki.ts";

/** The queue or topic of one measurement, so that none sees another's messages. */
export interface Lane {
  /** Where a sender sends to. */
  readonly destination: string;
  /** Where a receiver receives from. */
  readonly source: string;
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
  lane(options?: LaneOptions): Promise<Lane>;
}

/** What differs between measurements. */
export interface LaneOptions {
  /** @default 1 */
  readonly window?: number;
}

/** What the configuration files say of the service that is sent over. */
export interface BenchService {
  readonly protocol: "STOMP" | "AMS";
  /** The lines of `[broker]`. */
  readonly broker: string;
  /** Lines of `[messaging]` that both sides have. */
  readonly messaging: string;
  /** Where the lane of that number sends to and receives from. */
  places(lane: number): { destination: string; source: string };
}

/** A broker on that port of the loopback interface. */
export function stompService(port: number): BenchService {
  const run = crypto.randomUUID();
  return {
    protocol: "STOMP",
    broker: `host = 127.0.0.1\nport = ${port}\nuse_ssl = false\n`,
    messaging: "",
    places(lane) {
      const queue = `/queue/bench.${lane}.${run}`;
      return { destination: queue, source: queue };
    },
  };
}

/** Makes one, with certificates of its own unless they are given. */
export async function makeBenchSite(
  service: BenchService,
  certificates?: TestPki,
): Promise<BenchSite> {
  const pki = certificates ?? await testPki();
  const { certificatePath, keyPath } = pki.host;
  await Deno.writeTextFile(
    join(pki.dir, "dns"),
    "/C=UK/O=Test/CN=host.example.org\n",
  );
  let count = 0;
  const common = `[broker]
${service.broker}
[certificates]
certificate = ${certificatePath}
key = ${keyPath}
capath = ${pki.caPath}
`;
  const lane = async ({ window = 1 }: LaneOptions = {}): Promise<Lane> => {
    const dir = join(pki.dir, `lane-${++count}`);
    await Deno.mkdir(dir);
    const { destination, source } = service.places(count);
    const lane: Lane = {
      destination,
      source,
      outgoing: join(dir, "outgoing"),
      received: join(dir, "received"),
      senderConfig: join(dir, "sender.cfg"),
      receiverConfig: join(dir, "receiver.cfg"),
    };
    await Deno.writeTextFile(
      lane.senderConfig,
      `[sender]\nprotocol = ${service.protocol}\n${common}
[messaging]
${service.messaging}destination = ${destination}
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
      `[receiver]\nprotocol = ${service.protocol}\n${common}check_crls = true

[messaging]
${service.messaging}destination = ${source}
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
    lane,
    async [Symbol.asyncDispose]() {
      if (!certificates) await pki[Symbol.asyncDispose]();
    },
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
