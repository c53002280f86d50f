/**
 * The demonstration of SSM2.
 *
 * @module
 */
import { join } from "node:path";
import { DeliveredElements, DirqSimple } from "../../spool/mod.ts";
import type { Arrived, DemoProtocol } from "./protocol.ts";
import { certificatesOf, type DemoSite, type HostRole } from "./site.ts";

/** The queue all records go to. */
const QUEUE = "/queue/global.accounting.demo";

/** SSM2: dirq directories, confirmed by the broker. */
export const DEMO_SSM2: DemoProtocol = {
  refusedStatus: 0,
  receiverOptions: [],
  commands: { receive: "receive", send: "send" },
  receiver,
  sender,
  drop: (outgoing, bytes) => new DirqSimple(outgoing).add(bytes),
  waiting: (outgoing) => new DirqSimple(outgoing).list(),
  async filed(path) {
    const queue = new DeliveredElements(path);
    const arrived: Arrived[] = [];
    const text = (bytes?: Uint8Array) => new TextDecoder().decode(bytes);
    for (const name of await queue.list()) {
      const fields = await queue.read(name);
      arrived.push({
        name,
        sentAs: text(fields["empaid"]),
        signer: text(fields["signer"]),
        error: text(fields["error"]),
        body: fields["body"] ?? new Uint8Array(),
      });
    }
    return arrived;
  },
};

function receiver(site: DemoSite, port: number): string {
  return `[receiver]
protocol = STOMP

${broker(port)}
[certificates]
${certificatesOf(site, "receiver")}check_crls = false

[messaging]
destination = ${QUEUE}
path = ${site.received}
dn_file = ${site.dnFile}

${logging(site, "receiver", true)}
[daemon]
pidfile = ${join(site.directory, "ssmreceive.pid")}
`;
}

function sender(site: DemoSite, port: number, role: HostRole): string {
  const path = role === "sender" ? site.outgoing : site.strangerOutgoing;
  return `[sender]
protocol = STOMP

${broker(port)}
[certificates]
${certificatesOf(site, role)}server_cert = ${
    join(site.directory, "certificates", "receiver.pem")
  }

[messaging]
destination = ${QUEUE}
path = ${path}

${logging(site, role, false)}`;
}

function broker(port: number): string {
  return `[broker]
host = localhost
port = ${port}
use_ssl = true
`;
}

function logging(site: DemoSite, name: string, console: boolean): string {
  return `[logging]
logfile = ${join(site.directory, `${name}.log`)}
level = INFO
console = ${console}
`;
}
