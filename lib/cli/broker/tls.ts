/**
 * How the embedded broker speaks TLS, and which clients it trusts.
 *
 * @module
 */
import type { StompserverConfig } from "../../config/mod.ts";
import { SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { ServerTlsOptions } from "../../net/mod.ts";
import { parseCertificate } from "../../pki/mod.ts";
import {
  LiveIdentity,
  openCaFile,
  openTrustStore,
} from "../../credentials/mod.ts";

/**
 * What the listener is told of TLS; `undefined` without.
 *
 * @throws {SsmError} when certificate, key or CA cannot be used.
 */
export function brokerTls(
  config: StompserverConfig,
  log: Logger,
): ServerTlsOptions | undefined {
  const { tls, certificate, key, keyPassphraseFile, requirePrivateKeyFile } =
    config;
  if (tls === "off") return undefined;
  const identity = LiveIdentity.open({
    certificate: certificate!,
    key: key!,
    keyPassphraseFile,
    requirePrivateKeyFile,
  }, { log });
  const keyPair = () => identity.current().keyPair;
  if (tls === "on") return { keyPair, clientCertificate: "none" };
  const { caFile, capath, checkCrls } = config;
  const trust = caFile === undefined
    ? openTrustStore(capath!, (words) => log.warning(words))
    : openCaFile(caFile);
  return {
    keyPair,
    clientCertificate: "required",
    verify: async ({ leaf, others }) => {
      const verdict = await trust.verify(
        parseCertificate(leaf),
        others.map(parseCertificate),
        { checkCrls, purpose: "clientAuth" },
      );
      if (!verdict.ok) {
        throw new SsmError("TRUST", `Cannot trust client: ${verdict.reason}`);
      }
    },
  };
}
