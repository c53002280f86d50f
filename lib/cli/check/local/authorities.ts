/**
 * The CA directory and its CRLs.
 *
 * @module
 */
import { systemClock } from "../../../time/mod.ts";
import { openTrustStore } from "../../../credentials/mod.ts";
import {
  type Certificate,
  formatDn,
  type TrustStore,
} from "../../../pki/mod.ts";
import {
  type Attempt,
  attempt,
  type Finding,
  findingsOf,
  ok,
  warn,
} from "../finding/finding.ts";
import { left } from "./life.ts";

const DAY_MS = 86_400_000;
/** `fetch-crl` runs several times a day. */
const WARN_DAYS = 1;
/** Authorities without a good CRL that are named. */
const SHOWN = 5;

/** Opens the directory as every start does, and reads all that is in it. */
export async function checkAuthorities(
  capath: string,
): Promise<Attempt<TrustStore>> {
  const { value, findings } = await attempt("authorities", (log) => {
    const trust = openTrustStore(capath, (words) => log.warning(words));
    return { trust, authorities: trust.authorities() };
  });
  if (value === undefined) return { value: undefined, findings };
  const { trust, authorities: { length } } = value;
  const text = `${capath}: ${length} CA ${
    length === 1 ? "certificate" : "certificates"
  }`;
  return { value: trust, findings: [...findings, ok("authorities", text)] };
}

/** The CRLs of the authorities that these certificates lead to. */
export function checkCrlsFor(
  certificates: readonly (readonly [Certificate, readonly Certificate[]])[],
  trust: TrustStore,
): Promise<Finding[]> {
  return findingsOf("authorities", async () => {
    const found: Finding[] = [];
    for (const [certificate, others] of certificates) {
      const verdict = await trust.verify(certificate, others);
      if (!verdict.ok) continue;
      for (const authority of verdict.chain.slice(1)) {
        found.push(await crlFinding(authority, trust));
      }
    }
    return found;
  });
}

async function crlFinding(
  authority: Certificate,
  trust: TrustStore,
): Promise<Finding> {
  const name = formatDn(authority.subject);
  const { crl, fault } = await trust.currentCrl(authority);
  if (crl === undefined) {
    return warn(
      "authorities",
      `${fault}: certificates of this CA are refused`,
      { hint: "run fetch-crl" },
    );
  }
  const { nextUpdate } = crl;
  if (nextUpdate === undefined) {
    return ok("authorities", `the CRL of ${name} has no end`);
  }
  const days = (nextUpdate.getTime() - systemClock.date().getTime()) / DAY_MS;
  const text =
    `the CRL of ${name} is valid until ${nextUpdate.toISOString()}, ${
      left(days)
    }`;
  return days < WARN_DAYS
    ? warn("authorities", text, {
      hint: "run fetch-crl, and see that it runs daily",
    })
    : ok("authorities", text);
}

/** Whether each authority of the directory has a CRL: signers may be of any. */
export function checkAllCrls(trust: TrustStore): Promise<Finding[]> {
  return findingsOf("authorities", async () => {
    const faults: string[] = [];
    const ends: number[] = [];
    const authorities = trust.authorities();
    for (const authority of authorities) {
      const { crl, fault } = await trust.currentCrl(authority);
      if (crl === undefined) faults.push(fault ?? "");
      else if (crl.nextUpdate) ends.push(crl.nextUpdate.getTime());
    }
    const first = Math.min(...ends);
    const good = authorities.length - faults.length;
    const days = (first - systemClock.date().getTime()) / DAY_MS;
    return [
      ok(
        "authorities",
        `${good} of ${authorities.length} have a valid CRL` +
          (ends.length === 0
            ? ""
            : `, the first of which ends on ${new Date(first).toISOString()}, ${
              left(days)
            }`),
        {
          measures: [
            { name: "crls", value: good, unit: "" },
            {
              name: "crls_missing",
              value: faults.length,
              unit: "",
              warn: "0",
            },
          ],
        },
      ),
      ...faults.slice(0, SHOWN).map((fault) =>
        warn(
          "authorities",
          `${fault}: messages of its hosts are not accepted`,
          {
            hint: "run fetch-crl",
          },
        )
      ),
      ...(faults.length > SHOWN
        ? [
          warn(
            "authorities",
            `${faults.length - SHOWN} more are without a valid CRL`,
          ),
        ]
        : []),
    ];
  });
}
