/**
 * All checks of a configuration, in the order in which things are needed.
 *
 * @module
 */
import { LiveIdentity } from "../../credentials/mod.ts";
import { silentLogger } from "../../log/mod.ts";
import {
  type Certificate,
  parseCertificate,
  type TrustStore,
} from "../../pki/mod.ts";
import type { PeerCertificates } from "../../net/mod.ts";
import { type Finding, unknown } from "./finding/finding.ts";
import {
  checkAllCrls,
  checkAuthorities,
  checkCrlsFor,
} from "./local/authorities.ts";
import {
  checkIdentity,
  checkRecipient,
  identityChain,
} from "./local/certificate.ts";
import { checkPlace } from "./local/directories.ts";
import { checkDnList } from "./local/dn_list.ts";
import {
  checkConfiguration,
  checkLogfile,
  checkPidfile,
} from "./local/files.ts";
import { checkLocks } from "./local/locks.ts";
import { checkProcess } from "./local/process.ts";
import { checkServer } from "./network/server.ts";
import { checkAms } from "./network/ams.ts";
import { checkBrokers } from "./network/stomp.ts";
import type { Subject } from "./subject/subject.ts";

/** How far checks go. */
export interface CheckOptions {
  /** Whether the network is left out. */
  readonly offline: boolean;
  readonly signal: AbortSignal;
}

/** Everything that there is to find. Nothing is sent, taken or changed. */
export async function checkAll(
  subject: Subject,
  { offline, signal }: CheckOptions,
): Promise<Finding[]> {
  const found = await checkConfiguration(subject);
  for (const place of subject.places) found.push(...await checkPlace(place));
  found.push(...await checkLogfile(subject));
  if (subject.pidfile !== undefined) {
    found.push(
      ...await checkPidfile(subject.pidfile),
      ...await checkProcess(subject.pidfile),
    );
  }
  if (subject.outgoing) found.push(...await checkLocks(subject.outgoing));
  const trust = await checkTrust(subject, found);
  if (subject.dnList) found.push(...await checkDnList(subject.dnList));
  if (!offline) found.push(...await checkNetwork(subject, trust, signal));
  return found;
}

/** Certificates and those that vouch for them; what others need of it. */
async function checkTrust(
  { trust: settings, identity, openRecipient, ...subject }: Subject,
  found: Finding[],
): Promise<TrustStore | undefined> {
  const authorities = settings && await checkAuthorities(settings.capath);
  const trust = authorities?.value;
  if (identity) {
    found.push(
      ...await checkIdentity(identity, {
        trust,
        use: subject.role === "broker" ? "server" : "client",
        isLogin: subject.ams?.broker.user.from === "certificate",
      }),
    );
  }
  found.push(...authorities?.findings ?? []);
  if (!settings || !trust) return undefined;
  const inUse: Chain[] = [];
  if (identity) inUse.push(...await identityChain(identity));
  if (openRecipient) {
    const { findings, certificate } = await checkRecipient(
      openRecipient,
      trust,
    );
    found.push(...findings);
    if (certificate) inUse.push([certificate, []]);
  }
  if (settings.checkCrls) {
    found.push(...await checkCrlsFor(inUse, trust));
    if (subject.judgesSigners) found.push(...await checkAllCrls(trust));
  }
  return trust;
}

/** A certificate, and others that came along. */
type Chain = readonly [Certificate, readonly Certificate[]];

async function checkNetwork(
  subject: Subject,
  trust: TrustStore | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { server, stomp, ams } = subject;
  if (server) return await checkServer(server, signal);
  const area = ams ? "ams" : "broker";
  const identity = trust && openIdentity(subject);
  if (!trust || !identity) {
    const text = "not tried, because certificate or CA directory are of no use";
    return [unknown(area, text)];
  }
  const checkCrls = subject.trust?.checkCrls ?? false;
  const context = { identity, trust, checkCrls, signal };
  const { findings, peers } = ams
    ? await checkAms(ams, context)
    : await checkBrokers(stomp!, context);
  return [
    ...findings,
    ...checkCrls ? await checkCrlsFor(peers.map(chainOf), trust) : [],
  ];
}

/** Its faults are told already. */
function openIdentity({ identity }: Subject): LiveIdentity | undefined {
  try {
    return identity && LiveIdentity.open(identity, { log: silentLogger() });
  } catch {
    return undefined;
  }
}

function chainOf({ leaf, others }: PeerCertificates): Chain {
  return [parseCertificate(leaf), others.map(parseCertificate)];
}
