import assert from "node:assert/strict";
import type { PeerVerifier } from "../../../lib/net/mod.ts";
import {
  isForHost,
  parseCertificate,
  TrustStore,
} from "../../../lib/pki/mod.ts";
import type { TestPki } from "../../kit/pki/test_pki.ts";

/** Takes a server for the one it says to be by the CA directory, revocations included. */
export function verifierOf({ caPath }: TestPki): PeerVerifier {
  const trust = new TrustStore(caPath);
  return async ({ leaf }, host) => {
    const shown = parseCertificate(leaf);
    const verdict = await trust.verify(shown, [], { checkCrls: true });
    assert.ok(verdict.ok && isForHost(shown, host));
  };
}
