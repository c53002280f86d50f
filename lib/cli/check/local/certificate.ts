/**
 * The host's own certificate, and that which messages are encrypted to.
 *
 * @module
 */
import { systemClock } from "../../../time/mod.ts";
import { serviceDn, unregistrable } from "../../../ams/mod.ts";
import { type LiveRecipient, loadIdentity } from "../../../credentials/mod.ts";
import type { Logger } from "../../../log/mod.ts";
import {
  type Certificate,
  formatDn,
  isAmbiguousDn,
  readCertificates,
  type TrustStore,
} from "../../../pki/mod.ts";
import {
  type Area,
  attempt,
  fail,
  type Finding,
  findingsOf,
  ok,
  warn,
} from "../finding/finding.ts";
import type { IdentityFiles } from "../subject/subject.ts";
import { life } from "./life.ts";

/** What else there is to judge it by. */
export interface CertificateContext {
  /** `undefined` where the CA directory is of no use, or there is none. */
  readonly trust: TrustStore | undefined;
  /** What others know it as. */
  readonly use: "client" | "server";
  /** Whether the messaging service gives a token for it. */
  readonly isLogin: boolean;
}

/** Certificate and key, as every start reads them. */
export async function checkIdentity(
  files: IdentityFiles,
  { trust, use, isLogin }: CertificateContext,
): Promise<Finding[]> {
  const { value: identity, findings } = await attempt(
    "certificate",
    (log) =>
      loadIdentity(files, {
        now: systemClock.date(),
        warn: (words) => log.warning(words),
      }),
  );
  // What can be said of it is said also when it is of no use.
  const [certificate, ...others] = identity?.chain ??
    await certificatesIn(files.certificate);
  if (certificate === undefined) return [...findings];
  const dn = formatDn(certificate.subject);
  return [
    ...findings,
    ok("certificate", `DN, as GOCDB wants it: ${dn}`),
    ...(isAmbiguousDn(certificate.subject)
      ? [
        fail(
          "certificate",
          `The DN ${dn} can be mistaken for another: receivers refuse it`,
          { hint: "ask your CA for a certificate with a plain name" },
        ),
      ]
      : []),
    ...(isLogin ? registration(certificate) : []),
    ok("certificate", `issued by ${formatDn(certificate.issuer)}`),
    ...(identity ? life("certificate", "certificate", certificate) : []),
    ...(identity && trust
      ? await checkChain(certificate, { trust, use, others, files })
      : []),
  ];
}

/** The certificate and what leads on from it, where they can be read. */
export async function identityChain(
  files: IdentityFiles,
): Promise<(readonly [Certificate, readonly Certificate[]])[]> {
  const [certificate, ...others] = await certificatesIn(files.certificate);
  return certificate ? [[certificate, others]] : [];
}

async function certificatesIn(path: string): Promise<readonly Certificate[]> {
  try {
    return readCertificates(await Deno.readFile(path));
  } catch {
    // It is said already.
    return [];
  }
}

/** The string by which the authentication service of AMS knows it. */
function registration({ subject }: Certificate): Finding[] {
  return [
    ok(
      "certificate",
      `DN, as the authentication service of AMS writes it: ${
        serviceDn(subject)
      }`,
    ),
    ...unregistrable(subject).map((words) =>
      fail("certificate", `AMS can never find this certificate: ${words}`, {
        hint: "ask your CA for another, or use a token",
      })
    ),
  ];
}

/** Whether others that trust the same authorities take it. */
async function checkChain(
  certificate: Certificate,
  { trust, use, others, files: { certificate: path } }: {
    trust: TrustStore;
    use: CertificateContext["use"];
    others: readonly Certificate[];
    files: IdentityFiles;
  },
): Promise<Finding[]> {
  return await findingsOf("certificate", async () => {
    const verdict = await trust.verify(certificate, others);
    if (!verdict.ok) {
      const say = verdict.missing ? warn : fail;
      const text = `${path} does not lead to a CA in capath: ${verdict.reason}`;
      const hint =
        "put its CA into capath, if it is missing there, and what leads to it into the file of the certificate";
      return [say("certificate", text, { hint })];
    }
    const unrevoked = await trust.verify(certificate, others, {
      checkCrls: true,
    });
    // Whether the CRLs themselves are in order is another check.
    if (!unrevoked.ok && !unrevoked.missing) {
      const hint = "ask your CA for a new one";
      return [fail("certificate", unrevoked.reason, { hint })];
    }
    const fit = await trust.verify(certificate, others, {
      purpose: use === "client" ? "clientAuth" : "serverAuth",
    });
    const authorities = verdict.chain.slice(1)
      .map(({ subject }) => formatDn(subject));
    return [
      ok(
        "certificate",
        `leads to a CA in capath: ${authorities.join(", ") || "itself"}`,
      ),
      fit.ok
        ? ok("certificate", `is for TLS as a ${use}`)
        : fail("certificate", `${path} is refused in TLS: ${fit.reason}`, {
          hint:
            `ask your CA for a certificate with the extended key usage ${use}Auth, and without a Netscape type that says less`,
        }),
    ];
  });
}

/** The certificate that messages are encrypted to, as every start reads it. */
export async function checkRecipient(
  open: (
    trust: TrustStore,
    log: Logger,
  ) => Promise<LiveRecipient | undefined>,
  trust: TrustStore,
): Promise<{ findings: readonly Finding[]; certificate?: Certificate }> {
  const area: Area = "server_cert";
  const { value, findings } = await attempt(area, async (log) => {
    const recipient = await open(trust, log);
    return recipient && await recipient.current();
  });
  if (value === undefined) {
    const isFine = findings.every(({ level }) => level !== "fail");
    return {
      findings: isFine
        ? [...findings, ok(area, "none: messages are not encrypted")]
        : findings,
    };
  }
  return {
    findings: [
      ...findings,
      ok(area, `messages are encrypted to ${formatDn(value.subject)}`),
      ...life(area, "server_cert", value),
    ],
    certificate: value,
  };
}
