/**
 * What judges the messages of a receiver, wherever they come from.
 *
 * @module
 */
import type { ReceiverConfig, Ssm1Config } from "../../config/mod.ts";
import {
  AllowedDns,
  LiveIdentity,
  openTrustStore,
} from "../../credentials/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { Certificate, TrustStore } from "../../pki/mod.ts";
import {
  type DescribeOptions,
  type OpeningEnvelope,
  SmimeOpener,
  Ssm1Opener,
} from "../../ssm/mod.ts";

/** What a judgement rests on. */
interface Grounds {
  readonly identity: LiveIdentity;
  readonly trust: TrustStore;
  readonly dns: AllowedDns;
}

/** Judges messages. */
export interface Judge<Envelope = OpeningEnvelope> extends Grounds {
  readonly envelope: Envelope;
  /** To look into a message without a judgement. */
  readonly looking: DescribeOptions;
}

/**
 * The judge of a receiver.
 *
 * @throws {SsmError} `CERTIFICATE`, `KEY`, `TRUST`, `DN_LIST`.
 */
export async function composeJudge(
  { certificates, messaging }: ReceiverConfig,
  log: Logger,
): Promise<Judge<SmimeOpener>> {
  const identity = LiveIdentity.open(certificates, { log });
  const trust = openTrustStore(
    certificates.capath,
    (words) => log.warning(words),
  );
  log.info("Fetching valid DNs.");
  const dns = await AllowedDns.open(messaging.dnFile, log);
  const { checkCrls, allowWeakDigests, retryUntrusted } = certificates;
  const looking: DescribeOptions = {
    recipients: () => identity.forDecryption(),
    trust: (signer, others) =>
      trust.verify(signer, others, { checkCrls, allowWeakDigests }),
    maxMessageBytes: messaging.maxMessageBytes,
  };
  const envelope = new SmimeOpener({
    ...looking,
    isAllowed: (spellings) => dns.has(spellings),
    explainRefusal: (dn) => dns.near(dn),
    allowWeakDigests,
    retryUntrusted,
  });
  return { identity, trust, dns, envelope, looking };
}

/**
 * The judge of a consumer of SSM1 with this list of DNs.
 *
 * @throws {SsmError} `DN_LIST`.
 */
export async function composeSsm1Judge(
  { certificates, messages }: Ssm1Config,
  validDns: string,
  { identity, trust, log }: Omit<Grounds, "dns"> & { log: Logger },
): Promise<Judge<Ssm1Opener>> {
  const dns = await AllowedDns.open(validDns, log, { ignoreCase: true });
  const { checkCrls, allowWeakDigests } = certificates;
  const looking: DescribeOptions = {
    recipients: () => identity.forDecryption(),
    trust: (signer: Certificate, others: readonly Certificate[]) =>
      trust.verify(signer, others, {
        checkCrls,
        // Where SHA-1 is accepted, it is so for the messages alone: the originals'
        // own OpenSSL signs them so and knows nothing else.
        allowWeakDigests: allowWeakDigests === "all" ? "all" : "none",
      }),
    maxMessageBytes: messages.maxMessageBytes,
  };
  const inner = new SmimeOpener({
    ...looking,
    isAllowed: (spellings) => dns.has(spellings),
    explainRefusal: (dn) => dns.near(dn),
    allowWeakDigests,
  });
  const envelope = new Ssm1Opener({
    inner,
    maxUnpackedBytes: messages.maxUnpackedBytes,
  });
  return { identity, trust, dns, envelope, looking };
}
