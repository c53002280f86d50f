/**
 * An AMS over TLS in this process, with users known by token and by certificate.
 *
 * @module
 */
import { AmsServer } from "../../../lib/broker/ams/server.ts";
import {
  type AmsUserEntry,
  amsUserTable,
  hashToken,
  type JudgeCertificate,
} from "../../../lib/broker/ams/users.ts";
import {
  dnSpellings,
  parseCertificate,
  TrustStore,
} from "../../../lib/pki/mod.ts";
import type { TestPki } from "../pki/test_pki.ts";

/** Tokens of users who may publish, and pull. */
export const TOKENS = { publisher: "publ1sher", puller: "pu11er" };

const USERS: readonly AmsUserEntry[] = [
  {
    name: "publisher",
    grants: [{ right: "publish" }],
    credential: { kind: "token", sha256: hashToken(TOKENS.publisher) },
  },
  {
    name: "puller",
    grants: [{ right: "pull" }],
    credential: { kind: "token", sha256: hashToken(TOKENS.puller) },
  },
  {
    name: "ec",
    grants: [{ right: "publish" }],
    credential: { kind: "certificate", dn: "/C=UK/O=Test/CN=ec.example.org" },
  },
  {
    name: "server",
    grants: [{ right: "pull" }],
    credential: {
      kind: "certificate",
      dn: "/C=UK/O=Test/CN=server.example.org",
    },
  },
];

/**
 * Starts one with a subscription `subscription` to a topic `topic` in a project
 * `project`. `pki.ec` may publish, `pki.server` may pull; the server's own
 * certificate is that of `pki.server`.
 */
export function startAms({ server, caPath }: TestPki): Promise<AmsServer> {
  const trust = new TrustStore(caPath);
  return AmsServer.listen({
    listen: {
      tls: {
        keyPair: { certificate: server.certificatePem, key: server.keyPem },
        clientCertificate: "optional",
      },
    },
    topics: [{
      project: "project",
      topic: "topic",
      subscriptions: ["subscription"],
    }],
    users: () => table,
    judge: judgeBy(trust),
  });
}

const table = amsUserTable(USERS);

function judgeBy(trust: TrustStore): JudgeCertificate {
  return async ({ leaf, others }) => {
    const certificate = parseCertificate(leaf);
    const verdict = await trust.verify(
      certificate,
      others.map(parseCertificate),
    );
    return verdict.ok
      ? { dns: dnSpellings(certificate.subject) }
      : { refused: verdict.reason };
  };
}
