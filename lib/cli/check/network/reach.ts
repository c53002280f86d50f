/**
 * Whether a host can be reached: its name, each of its addresses, TLS.
 *
 * @module
 */
import { systemClock } from "../../../time/mod.ts";
import { isIP } from "node:net";
import { isErrno, SsmError } from "../../../errors.ts";
import {
  type ClientTlsOptions,
  dial,
  type PeerCertificates,
  resolveAddresses,
} from "../../../net/mod.ts";
import { formatDn, parseCertificate } from "../../../pki/mod.ts";
import {
  type Area,
  failures,
  type Finding,
  ok,
  warn,
} from "../finding/finding.ts";
import { left } from "../local/life.ts";

/** A port of a host. */
export interface Target {
  readonly area: Area;
  readonly host: string;
  readonly port: number;
  /** @default plain TCP */
  readonly tls: ClientTlsOptions | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface Reached {
  readonly findings: readonly Finding[];
  /** Whether at least one address can be used. */
  readonly isUsable: boolean;
  /** The certificates that were shown, and taken. */
  readonly peers: readonly PeerCertificates[];
}

/** One address. */
interface Tried {
  readonly address: string;
  readonly error?: unknown;
  readonly peer?: PeerCertificates | undefined;
}

/** Connects to each address of a host, and hangs up. */
export async function reach(target: Target): Promise<Reached> {
  const { area, host, port, timeoutMs, signal } = target;
  let addresses: string[];
  try {
    addresses = await resolveAddresses({
      ...{ host, port, signal },
      connectTimeoutMs: timeoutMs,
    });
  } catch (error) {
    return { findings: failures(area, error), isUsable: false, peers: [] };
  }
  const tried = await Promise.all(
    addresses.map((address) => tryAddress(target, address)),
  );
  const isUsable = tried.some(({ error }) => error === undefined);
  return {
    isUsable,
    findings: tried.flatMap((one) => findingsFor(one, target, isUsable)),
    peers: tried.map(({ peer }) => peer).filter((peer) => peer !== undefined),
  };
}

async function tryAddress(
  { host, port, tls, timeoutMs, signal }: Target,
  address: string,
): Promise<Tried> {
  try {
    const socket = await dial({
      ...{ host, port, tls, signal },
      connectTimeoutMs: timeoutMs,
      resolve: () => Promise.resolve([address]),
    });
    socket.close();
    return { address, peer: socket.peer };
  } catch (error) {
    return { address, error };
  }
}

function findingsFor(
  { address, error, peer }: Tried,
  { area, host, port, tls }: Target,
  isUsable: boolean,
): Finding[] {
  const name = isIP(host) === 0
    ? `${host}:${port} (${address})`
    : `${host}, port ${port}`;
  if (error !== undefined) {
    if (!isUsable) return failures(area, error);
    // The others are tried after it. That this machine has no IPv6 is no fault.
    const isNoRoute = error instanceof SsmError &&
      isErrno(error.cause, "ENETUNREACH");
    return failures(area, error).map(({ text, hint }) =>
      isNoRoute ? ok(area, text) : warn(area, text, { hint })
    );
  }
  if (peer === undefined) {
    return [ok(area, `${name} can be reached${tls ? " with TLS" : ""}`)];
  }
  const { subject, notAfter } = parseCertificate(peer.leaf);
  const days = (notAfter.getTime() - systemClock.date().getTime()) / 86_400_000;
  return [
    ok(
      area,
      `${name} can be reached with TLS, and is trusted: ${
        formatDn(subject)
      }, valid until ${notAfter.toISOString()}, ${left(days)}`,
    ),
  ];
}
