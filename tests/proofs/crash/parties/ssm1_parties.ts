/**
 * A producer and a consumer of SSM1, over a queue.
 *
 * @module
 */
import { Consumer, LOADER } from "./consumer.ts";
import {
  MAX_LOCK_AGE_S,
  type Parties,
  type PartiesOptions,
  PATIENCE_S,
} from "./parties.ts";
import { CONSUMER_MARKS, PRODUCER_MARKS } from "../marks/ssm1_marks.ts";
import { Outgoing } from "./traffic.ts";
import { loadedFrom } from "../verdict/verdict.ts";

const PRODUCER_DN = "/C=UK/O=Test/CN=host.example.org";
const CONSUMER_DN = "/C=UK/O=Test/CN=server.example.org";

const QUEUE = "/queue/ssm1";

/** How long the producer waits for an answer, in seconds: long enough for a consumer that is coming back. */
const ACK_TIMEOUT_S = 6;

/** A producer, which sends from a plain directory, and a consumer. */
export async function ssm1Parties(options: PartiesOptions): Promise<Parties> {
  const { pki, port } = options;
  const dir = await Deno.makeTempDir({ prefix: "ssm1-" });
  const [sending, receiving] = [`${dir}/producer`, `${dir}/consumer`];
  for (const name of [`${sending}/outgoing`, `${receiving}/incoming`]) {
    await Deno.mkdir(name, { recursive: true });
  }
  await Deno.writeTextFile(`${dir}/dns`, `${PRODUCER_DN}\n`);
  const configure = async (
    path: string,
    as: { certificatePath: string; keyPath: string },
    role: string,
  ) => {
    const text = `[broker]
host: localhost
port: ${port}
use-ssl: false
use-pwd: false
retry-for: ${PATIENCE_S}
[certificates]
certificate: ${as.certificatePath}
key: ${as.keyPath}
cadir: ${pki.caPath}
check-crls: false
cipher: aes128
[messagedb]
path: ${path}
test: false
min-file-age: 0
max-lock-age: ${MAX_LOCK_AGE_S}
[logging]
logfile: ${path}.log
console: true
[pidfile]
pidfile: ${path}.pid
${role}`;
    await Deno.writeTextFile(`${path}.cfg`, text);
    return `--config=${path}.cfg`;
  };
  const producer = await configure(
    sending,
    pki.host,
    `[producer]
topic: ${QUEUE}
consumer-dn: ${CONSUMER_DN}
ack: /queue/answers
ack-timeout: ${ACK_TIMEOUT_S}
`,
  );
  const consumer = await configure(
    receiving,
    pki.server,
    `[consumer]
topic: ${QUEUE}
valid-dns: ${dir}/dns
`,
  );
  return {
    senders: [{
      marks: PRODUCER_MARKS,
      args: ["ssm1", producer],
      outgoing: new Outgoing(`${sending}/outgoing`, {
        ...options,
        type: "nameless",
      }),
      path: `${sending}/outgoing`,
    }],
    receiver: {
      marks: CONSUMER_MARKS,
      args: ["ssm1", consumer, "--daemon"],
      path: receiving,
      ready: /Subscribing to: /,
      signer: PRODUCER_DN,
      dnFile: `${dir}/dns`,
      logfile: `${receiving}.log`,
      again: /Message was received before/,
      pidfile: `${receiving}.pid`,
      consume: (how) =>
        new Consumer(LOADER, {
          path: `${receiving}/incoming`,
          stopFile: `${dir}/stop`,
          ...how,
        }),
      arrivals: () => loadedFrom(`${receiving}/incoming`),
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
