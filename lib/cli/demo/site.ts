/**
 * The demonstration's site: certificates, configuration files, directories.
 *
 * @module
 */
import { systemClock } from "../../time/mod.ts";
import { join } from "node:path";
import { DemoCa, type Subject } from "./pki.ts";

/** Where everything of the demonstration is. */
export interface DemoSite {
  readonly directory: string;
  /** DN of the host whose messages are wanted. */
  readonly allowedDn: string;
  /** DN of the host that is not on the list. */
  readonly strangerDn: string;
  /** DN of the host that receives. */
  readonly receiverDn: string;
  /** The list of allowed DNs. */
  readonly dnFile: string;
  readonly outgoing: string;
  readonly strangerOutgoing: string;
  /** Holds incoming/ and reject/. */
  readonly received: string;
  readonly brokerConfig: string;
  readonly receiverConfig: string;
  readonly senderConfig: string;
  readonly strangerConfig: string;
}

const HOSTS = {
  broker: "broker.site-b.example",
  receiver: "accounting.site-b.example",
  sender: "ce01.site-a.example",
  stranger: "laptop.nowhere.example",
} as const;

/** A host of the demonstration. */
export type HostRole = keyof typeof HOSTS;

/** Lays out the site; configuration files come once the port is known. */
export async function makeSite(directory: string): Promise<DemoSite> {
  const certificates = join(directory, "certificates");
  const capath = join(directory, "ca");
  for (const path of [certificates, capath]) {
    await Deno.mkdir(path, { recursive: true, mode: 0o750 });
  }
  const ca = await DemoCa.create([["C", "UK"], ["O", "ssm demo"], [
    "CN",
    "Throw-away CA",
  ]], systemClock.date());
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
  const dnFile = join(directory, "dns");
  await Deno.writeTextFile(
    dnFile,
    `# Hosts whose messages are accepted, one DN per line.\n${allowedDn}\n`,
  );
  return {
    directory,
    allowedDn,
    strangerDn: slashForm(HOSTS.stranger),
    receiverDn: slashForm(HOSTS.receiver),
    dnFile,
    outgoing: join(directory, "sender", "outgoing"),
    strangerOutgoing: join(directory, "stranger", "outgoing"),
    received: join(directory, "received"),
    brokerConfig: join(directory, "broker.cfg"),
    receiverConfig: join(directory, "receiver.cfg"),
    senderConfig: join(directory, "sender.cfg"),
    strangerConfig: join(directory, "sender-stranger.cfg"),
  };
}

/** The lines that name a host's certificate and key, and the CA directory. */
export function certificatesOf(
  { directory }: DemoSite,
  role: HostRole,
): string {
  const base = join(directory, "certificates", role);
  return `certificate = ${base}.pem
key = ${base}.key
capath = ${join(directory, "ca")}
`;
}

/** The file of a broker for clients of STOMP, at that port of the loopback interface. */
export function stompBroker(site: DemoSite, port: number): string {
  return `[stompserver]
host = 127.0.0.1
port = ${port}
tls = strict
${certificatesOf(site, "broker")}`;
}

function hostSubject(host: string): Subject {
  return [["C", "UK"], ["O", "ssm demo"], ["OU", "hosts"], ["CN", host]];
}

function slashForm(host: string): string {
  return hostSubject(host).map(([type, value]) => `/${type}=${value}`).join("");
}
