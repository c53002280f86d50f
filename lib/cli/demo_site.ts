/**
 * The demonstration's site: certificates, configuration files, directories.
 *
 * @module
 */
import { join } from "node:path";
import { DemoCa, type Subject } from "./demo_pki.ts";

/** Where everything of the demonstration is. */
export interface DemoSite {
  readonly directory: string;
  /** DN of the host whose messages are wanted. */
  readonly allowedDn: string;
  /** DN of the host that is not on the list. */
  readonly strangerDn: string;
  readonly outgoing: string;
  readonly strangerOutgoing: string;
  /** Holds incoming/ and reject/. */
  readonly received: string;
  readonly brokerConfig: string;
  readonly receiverConfig: string;
  readonly senderConfig: string;
  readonly strangerConfig: string;
}

/** The queue all records go to. */
export const DEMO_QUEUE = "/queue/global.accounting.demo";

const HOSTS = {
  broker: "broker.site-b.example",
  receiver: "accounting.site-b.example",
  sender: "ce01.site-a.example",
  stranger: "laptop.nowhere.example",
} as const;

/** Lays out the site; configuration files come with {@linkcode writeConfigs}, once the port is known. */
export async function makeSite(directory: string): Promise<DemoSite> {
  const certificates = join(directory, "certificates");
  const capath = join(directory, "ca");
  for (const path of [certificates, capath]) {
    await Deno.mkdir(path, { recursive: true, mode: 0o750 });
  }
  const ca = await DemoCa.create([["C", "UK"], ["O", "ssm demo"], [
    "CN",
    "Throw-away CA",
  ]]);
  await Deno.writeTextFile(join(capath, ca.fileName), ca.pem);
  await Promise.all(
    Object.entries(HOSTS).map(async ([role, host]) => {
      const names = role === "broker" ? [host, "localhost"] : [host];
      const issued = await ca.issue(hostSubject(host), names);
      const base = join(certificates, role);
      await Deno.writeTextFile(`${base}.pem`, issued.certificatePem);
      await Deno.writeTextFile(`${base}.key`, issued.keyPem, { mode: 0o600 });
    }),
  );
  const allowedDn = slashForm(HOSTS.sender);
  await Deno.writeTextFile(
    join(directory, "dns"),
    `# Hosts whose messages are accepted, one DN per line.\n${allowedDn}\n`,
  );
  return {
    directory,
    allowedDn,
    strangerDn: slashForm(HOSTS.stranger),
    outgoing: join(directory, "outgoing"),
    strangerOutgoing: join(directory, "outgoing-stranger"),
    received: join(directory, "received"),
    brokerConfig: join(directory, "broker.cfg"),
    receiverConfig: join(directory, "receiver.cfg"),
    senderConfig: join(directory, "sender.cfg"),
    strangerConfig: join(directory, "sender-stranger.cfg"),
  };
}

/** Writes the configuration files for a broker on that port of the loopback interface. */
export async function writeConfigs(
  site: DemoSite,
  port: number,
): Promise<void> {
  const { directory } = site;
  const pair = (role: keyof typeof HOSTS) =>
    `certificate = ${join(directory, "certificates", `${role}.pem`)}
key = ${join(directory, "certificates", `${role}.key`)}
capath = ${join(directory, "ca")}
`;
  const broker = `[broker]
host = localhost
port = ${port}
use_ssl = true
`;
  const logging = (name: string, console: boolean) =>
    `[logging]
logfile = ${join(directory, `${name}.log`)}
level = INFO
console = ${console}
`;
  const sender = (role: "sender" | "stranger", path: string) =>
    `[sender]
protocol = STOMP

${broker}
[certificates]
${pair(role)}server_cert = ${join(directory, "certificates", "receiver.pem")}

[messaging]
destination = ${DEMO_QUEUE}
path = ${path}

${logging(role, false)}`;
  await Deno.writeTextFile(
    site.brokerConfig,
    `[stompserver]
host = 127.0.0.1
port = ${port}
tls = strict
${pair("broker")}`,
  );
  await Deno.writeTextFile(
    site.receiverConfig,
    `[receiver]
protocol = STOMP

${broker}
[certificates]
${pair("receiver")}check_crls = false

[messaging]
destination = ${DEMO_QUEUE}
path = ${site.received}
dn_file = ${join(directory, "dns")}

${logging("receiver", true)}
[daemon]
pidfile = ${join(directory, "ssmreceive.pid")}
`,
  );
  await Deno.writeTextFile(site.senderConfig, sender("sender", site.outgoing));
  await Deno.writeTextFile(
    site.strangerConfig,
    sender("stranger", site.strangerOutgoing),
  );
}

function hostSubject(host: string): Subject {
  return [["C", "UK"], ["O", "ssm demo"], ["OU", "hosts"], ["CN", host]];
}

function slashForm(host: string): string {
  return hostSubject(host).map(([type, value]) => `/${type}=${value}`).join("");
}
