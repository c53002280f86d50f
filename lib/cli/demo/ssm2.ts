/**
 * The demonstration of SSM2.
 *
 * @module
 */
import { join } from "node:path";
import { DIRQ_SPOOLS, logging, receiverCertificate } from "./dirq_spools.ts";
import type { DemoProtocol } from "./protocol.ts";
import {
  certificatesOf,
  type DemoSite,
  type HostRole,
  stompBroker,
} from "./site.ts";

/** The queue all records go to. */
const QUEUE = "/queue/global.accounting.demo";

/** SSM2 over STOMP: dirq directories, confirmed by the broker. */
export const DEMO_SSM2: DemoProtocol = {
  ...DIRQ_SPOOLS,
  ready: /Subscribing to: /,
  broker: stompBroker,
  receiver,
  sender,
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
${certificatesOf(site, role)}server_cert = ${receiverCertificate(site)}

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
