/**
 * How the embedded broker speaks TLS, and which clients it trusts.
 *
 * @module
 */
import type { JudgeCertificate } from "../../broker/mod.ts";
import type { StompserverConfig } from "../../config/mod.ts";
import { SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { PeerCertificates, ServerTlsOptions } from "../../net/mod.ts";
import {
  dnSpellings,
  isAmbiguousDn,
  parseCertificate,
  type Verdict,
} from "../../pki/mod.ts";
import {
  LiveIdentity,
  openCaFile,
  openTrustStore,
} from "../../credentials/mod.ts";

/** What the listeners are told of TLS. */
export interface BrokerTls {
  /** `undefined` without TLS. */
  readonly stomp: ServerTlsOptions | undefined;
  /** `undefined` without TLS. */
  readonly ams: ServerTlsOptions | undefined;
  /** Judges who shows a certificate to AMS; `undefined` where none is asked for. */
  readonly judge: JudgeCertificate | undefined;
}

/**
 * What the listeners are told of TLS.
 *
 * @throws {SsmError} when certificate, key or CA cannot be used.
 */
export function brokerTls(config: StompserverConfig, log: Logger): BrokerTls {
  const { tls, certificate, key, keyPassphraseFile, requirePrivateKeyFile } =
    config;
  if (tls === "off") {
    return { stomp: undefined, ams: undefined, judge: undefined };
  }
  const identity = LiveIdentity.open({
    certificate: certificate!,
    key: key!,
    keyPassphraseFile,
    requirePrivateKeyFile,
  }, { log });
  const keyPair = () => identity.current().keyPair;
  const anybody = { keyPair, clientCertificate: "none" } as const;
  const verify = clientVerifier(config, log);
  if (verify === undefined) {
    return { stomp: anybody, ams: anybody, judge: undefined };
  }
  const judge = amsJudge(verify);
  if (tls === "on") {
    // A token needs no certificate, and one that is not trusted gets none.
    const ams = { keyPair, clientCertificate: "optional" } as const;
    return { stomp: anybody, ams, judge };
  }
  const strict: ServerTlsOptions = {
    keyPair,
    clientCertificate: "required",
    verify: async (peer) => {
      const verdict = await verify(peer);
      if (!verdict.ok) {
        throw new SsmError("TRUST", `Cannot trust client: ${verdict.reason}`);
      }
    },
  };
  return { stomp: strict, ams: strict, judge };
}

/** Verifies certificates of clients; `undefined` where no CA is named. */
function clientVerifier(
  { caFile, capath, checkCrls }: StompserverConfig,
  log: Logger,
): ((peer: PeerCertificates) => Promise<Verdict>) | undefined {
  if (caFile === undefined && capath === undefined) return undefined;
  const trust = caFile === undefined
    ? openTrustStore(capath!, (words) => log.warning(words))
    : openCaFile(caFile);
  return async ({ leaf, others }) =>
    await trust.verify(
      parseCertificate(leaf),
      others.map(parseCertificate),
      { checkCrls, purpose: "clientAuth" },
    );
}

function amsJudge(
  verify: (peer: PeerCertificates) => Promise<Verdict>,
): JudgeCertificate {
  return async (peer) => {
    const verdict = await verify(peer);
    if (!verdict.ok) return { refused: verdict.reason };
    const { subject } = parseCertificate(peer.leaf);
    if (isAmbiguousDn(subject)) {
      return { refused: "its DN can be mistaken for another" };
    }
    return { dns: dnSpellings(subject) };
  };
}
