/**
 * Is a certificate of ours fit for its work today?
 *
 * @module
 */
import { SsmError } from "../errors.ts";
import { type Certificate, expiresWithin } from "../pki/mod.ts";

const DAY_SECONDS = 86_400;

/** Certificates that live no longer than this are made for hours, and renewed by programs. */
const SHORT_LIFE_SECONDS = 2 * DAY_SECONDS;

/** How much a clock may be slow. */
const SLOW_CLOCK_MS = 10 * 60_000;

/**
 * Judges the certificate that this host signs and speaks TLS with.
 *
 * @param what The certificate, in a text.
 * @returns What is dangerous, but no reason to stop.
 * @throws {SsmError} `CERTIFICATE` when it cannot be used.
 */
export function checkOwn(
  certificate: Certificate,
  now: Date,
  what: string,
): string[] {
  const remarks: string[] = [];
  if (isSlightlyAhead(certificate, now)) {
    remarks.push(`${what} is not valid yet: ${validFrom(certificate)}`);
  } else {
    checkDates(certificate, now, { what, hint: "ask your CA for a new one" });
  }
  if (certificate.version !== 3) {
    remarks.push(
      `${what} is of X.509 version ${certificate.version}: messages can be signed with it, but ssm and others refuse it in TLS; ask your CA for one of version 3`,
    );
  }
  return remarks;
}

/** @throws {SsmError} `CERTIFICATE` before and after its time, and on its last day. */
export function checkDates(
  certificate: Certificate,
  now: Date,
  { what, hint }: { what: string; hint: string },
): void {
  if (now < certificate.notBefore) {
    throw new SsmError("CERTIFICATE", `${what} is not valid yet.`, {
      hint: validFrom(certificate),
    });
  }
  if (expiresWithin(certificate, spareSeconds(certificate), now)) {
    throw new SsmError(
      "CERTIFICATE",
      `${what} has expired or will expire within a day.`,
      { hint },
    );
  }
}

/** The original refuses the last day; a certificate that lives for hours is renewed within them. */
function spareSeconds({ notBefore, notAfter }: Certificate): number {
  const lifeSeconds = (notAfter.getTime() - notBefore.getTime()) / 1000;
  return lifeSeconds > SHORT_LIFE_SECONDS ? DAY_SECONDS : 0;
}

/** A clock may be a little slow, or that of the CA a little fast: as in the original, no reason to stop. */
function isSlightlyAhead({ notBefore }: Certificate, now: Date): boolean {
  const aheadMs = notBefore.getTime() - now.getTime();
  return aheadMs > 0 && aheadMs <= SLOW_CLOCK_MS;
}

function validFrom({ notBefore }: Certificate): string {
  return `it is valid from ${notBefore.toISOString()}; is this machine's clock right?`;
}
