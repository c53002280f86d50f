/**
 * The demonstration of SSM2 over the ARGO Messaging Service, with an AMS of one's own.
 *
 * @module
 */
import { join } from "node:path";
import { DIRQ_SPOOLS, logging, receiverCertificate } from "./dirq_spools.ts";
import type { DemoProtocol } from "./protocol.ts";
import { certificatesOf, type DemoSite, type HostRole } from "./site.ts";

const PROJECT = "accounting";
const TOPIC = "demo";
const SUBSCRIPTION = "demo-loader";

/** Everybody is known by a certificate, for which AMS gives a token. */
export const DEMO_AMS: DemoProtocol = {
  ...DIRQ_SPOOLS,
  ready: /Connected\./,
  broker,
  receiver,
  sender,
};

function broker(site: DemoSite, port: number): string {
  return `[stompserver]
stomp = off
ams = 127.0.0.1:${port}
ams_topics = ${PROJECT}/${TOPIC}:${SUBSCRIPTION}
ams_users = ${writeUsers(site)}
tls = on
${certificatesOf(site, "broker")}`;
}

/** Who may do what; the path of the file that says it. */
function writeUsers(site: DemoSite): string {
  const path = join(site.directory, "ams-users");
  const publish = `publish=${PROJECT}/${TOPIC}`;
  Deno.writeTextFileSync(
    path,
    `ce01:${publish}:${site.allowedDn}
laptop:${publish}:${site.strangerDn}
accounting:pull=${PROJECT}/${SUBSCRIPTION}:${site.receiverDn}
`,
    { mode: 0o600 },
  );
  return path;
}

function receiver(site: DemoSite, port: number): string {
  return `[receiver]
protocol = AMS

${service(port)}
[certificates]
${certificatesOf(site, "receiver")}check_crls = false

[messaging]
ams_project = ${PROJECT}
destination = ${SUBSCRIPTION}
path = ${site.received}
dn_file = ${site.dnFile}
# So that it does not take long until something new is seen.
ams_poll_pause = 1

${logging(site, "receiver", true)}
[daemon]
pidfile = ${join(site.directory, "ssmreceive.pid")}
`;
}

function sender(site: DemoSite, port: number, role: HostRole): string {
  const path = role === "sender" ? site.outgoing : site.strangerOutgoing;
  return `[sender]
protocol = AMS

${service(port)}
[certificates]
${certificatesOf(site, role)}server_cert = ${receiverCertificate(site)}

[messaging]
ams_project = ${PROJECT}
destination = ${TOPIC}
path = ${path}

${logging(site, role, false)}`;
}

function service(port: number): string {
  return `[broker]
host = localhost:${port}
authn_port = ${port}
`;
}
