/**
 * Who signed a message, and what is thought of it, as text and as a document.
 *
 * @module
 */
import { type Certificate, formatDn } from "../../pki/mod.ts";
import {
  describeMessage,
  type DescribeOptions,
  type MessageFacts,
  type OpeningEnvelope,
} from "../../ssm/mod.ts";
import { isoTime, localTime, pairs } from "./table.ts";

/** What is thought of a message; `undecided` when something is missing in the CA directory. */
export type Verdict = "accepted" | "rejected" | "undecided";

/** A message as a receiver judges it. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Why it is not accepted. */
  readonly reason: string | undefined;
  readonly facts: MessageFacts;
}

/** Judges a message, and looks who signed it. */
export async function judgementOf(
  body: Uint8Array,
  { envelope, looking }: {
    readonly envelope: OpeningEnvelope;
    readonly looking: DescribeOptions;
  },
): Promise<Judgement> {
  const facts = await describeMessage(body, looking);
  const opened = await envelope.open(body);
  if (opened.status === "accepted") {
    // What SSM1 has packed is unpacked by now.
    const { payload } = opened;
    return {
      verdict: "accepted",
      reason: undefined,
      facts: { ...facts, payload },
    };
  }
  const { verdict } = facts;
  const isMissing = verdict?.ok === false && verdict.missing !== undefined;
  return {
    verdict: isMissing ? "undecided" : "rejected",
    reason: opened.error,
    facts,
  };
}

/** As a document; see docs/operating.md. */
export function judgementDocument(
  { verdict, reason, facts }: Judgement,
): Record<string, unknown> {
  const { signer, signedAt, encrypted } = facts;
  return {
    verdict,
    reason: reason ?? null,
    encrypted,
    signer: signer ? certificateDocument(signer) : null,
    signed: signedAt ? signedAt.toISOString() : null,
    chain: chainOf(facts),
  };
}

function certificateDocument(certificate: Certificate) {
  const { subject, issuer, serial, notBefore, notAfter } = certificate;
  return {
    dn: formatDn(subject),
    issuer: formatDn(issuer),
    serial: serial.toHex(),
    not_before: isoTime(notBefore.getTime()),
    not_after: isoTime(notAfter.getTime()),
  };
}

/** The DNs from the signer to the root; none without a valid path. */
function chainOf({ verdict }: MessageFacts): string[] {
  return verdict?.ok
    ? verdict.chain.map(({ subject }) => formatDn(subject))
    : [];
}

/** As lines for people. */
export function judgementLines(
  { verdict, reason, facts }: Judgement,
): string[] {
  const { signer, signedAt, encrypted } = facts;
  const [, ...authorities] = chainOf(facts);
  return pairs({
    verdict: reason === undefined ? verdict : `${verdict}: ${reason}`,
    signer: signer ? formatDn(signer.subject) : "not known",
    issuer: signer && formatDn(signer.issuer),
    valid: signer &&
      `from ${localTime(signer.notBefore.getTime())} to ${
        localTime(signer.notAfter.getTime())
      }`,
    trust: authorities.length > 0
      ? `by ${authorities.join(", by ")}`
      : undefined,
    signed: signedAt && localTime(signedAt.getTime()),
    encrypted: encrypted ? "yes" : "no",
  });
}
