/**
 * The demonstration of SSM1.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Arrived, DemoProtocol } from "./protocol.ts";
import {
  certificatesOf,
  type DemoSite,
  type HostRole,
  stompBroker,
} from "./site.ts";

/** Where the consumer listens. */
const TOPIC = "/topic/global.accounting.demo";

/** SSM1: plain directories, confirmed by the consumer itself. */
export const DEMO_SSM1: DemoProtocol = {
  ready: /Subscribing to: /,
  refusedStatus: 1,
  receiverOptions: ["-d"],
  commands: { receive: "ssm1 -d", send: "ssm1" },
  broker: stompBroker,
  receiver: consumer,
  sender: producer,
  async drop(outgoing, bytes) {
    await Deno.mkdir(outgoing, { recursive: true });
    const count = (await namesIn(outgoing)).length;
    const name = `record-${String(count + 1).padStart(3, "0")}`;
    // Hidden until it is whole: a producer takes whatever it sees.
    const draft = join(outgoing, `.tmp-${name}`);
    await Deno.writeFile(draft, bytes);
    await Deno.rename(draft, join(outgoing, name));
    return name;
  },
  waiting: namesIn,
  async filed(path) {
    const names = await namesIn(path);
    const bodies = names.filter((name) => !/\.(sig|err)$/.test(name));
    const line = async (name: string) =>
      names.includes(name)
        ? (await Deno.readTextFile(join(path, name))).trimEnd()
        : "";
    return await Promise.all(bodies.map(async (name): Promise<Arrived> => ({
      name,
      sentAs: undefined,
      signer: await line(`${name}.sig`),
      error: await line(`${name}.err`),
      body: await Deno.readFile(join(path, name)),
    })));
  },
};

/** Names that are not hidden, sorted. */
async function namesIn(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.map(({ name }) => name)
    .filter((name) => !name.startsWith(".")).sort();
}

function consumer(site: DemoSite, port: number): string {
  return `${common(site, port, "receiver")}
[messagedb]
path = ${site.received}
test = false

[logging]
logfile = ${join(site.directory, "receiver.log")}
level = INFO
console = true

[pidfile]
pidfile = ${join(site.directory, "ssm.pid")}

[consumer]
topic = ${TOPIC}
valid-dns = ${site.dnFile}
read-valid-dns = 10
`;
}

function producer(site: DemoSite, port: number, role: HostRole): string {
  const outgoing = role === "sender" ? site.outgoing : site.strangerOutgoing;
  return `${common(site, port, role)}
[messagedb]
path = ${dirname(outgoing)}
test = false

[logging]
logfile = ${join(site.directory, `${role}.log`)}
level = INFO
console = false

[producer]
topic = ${TOPIC}
consumer-dn = ${site.receiverDn}
ack = /queue/demo.acks.${role}.$pid
msg-check-time = 1
`;
}

function common(site: DemoSite, port: number, role: HostRole): string {
  return `[broker]
host = localhost
port = ${port}
use-ssl = true
use-pwd = false

[certificates]
${certificatesOf(site, role).replace("capath", "cadir")}check-crls = false
`;
}
