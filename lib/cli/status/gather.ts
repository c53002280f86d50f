/**
 * The whole look.
 *
 * @module
 */
import type { Ini } from "../../config/mod.ts";
import { isSsmError, reason } from "../../errors.ts";
import { certificatePart, crlsPart } from "./certificates_part.ts";
import type { FailedPart, StatusDocument } from "./document.ts";
import { outgoingPart } from "./outgoing_part.ts";
import { type KnownProcess, processPart } from "./process_part.ts";
import { incomingPart, rejectPart } from "./received_part.ts";
import { statusSite } from "./site.ts";

/**
 * Looks at everything; a part that cannot be looked at does not hide the others.
 *
 * @throws {SsmError} `CONFIG` when the file cannot be used
 */
export async function gatherStatus(
  ini: Ini,
  time: Date,
): Promise<StatusDocument> {
  const now = time.getTime();
  const site = statusSite(ini);
  const failed: FailedPart[] = [];
  const attempt = async <T>(
    part: string,
    look: () => T | Promise<T>,
  ): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      if (!isSsmError(error)) throw error;
      failed.push({ part, reason: reason(error) });
      return undefined;
    }
  };
  const { role, spool, outgoing, incoming, reject } = site;
  const { certificate, serverCert, crls } = site;
  const known: KnownProcess | undefined = spool === undefined
    ? undefined
    : await attempt("process", () => processPart(spool, role, time));
  const { status, state } = known ?? {};
  const parts = {
    outgoing: outgoing && await attempt(
      "outgoing",
      () => outgoingPart(outgoing, state?.unsent ?? [], now),
    ),
    incoming: incoming &&
      await attempt("incoming", () => incomingPart(incoming, now)),
    reject: reject &&
      await attempt("reject", () => rejectPart(reject.path, reject.rejected)),
    process: status,
    broker: state?.broker ?? undefined,
    certificate: certificate === undefined
      ? undefined
      : await attempt("certificate", () => certificatePart(certificate, now)),
    server_cert: serverCert === undefined
      ? undefined
      : await attempt("server_cert", () => certificatePart(serverCert, now)),
    crls: crls === undefined
      ? undefined
      : await attempt("crls", () => crlsPart(crls, now)),
  };
  const there = Object.entries(parts).filter(([, part]) => part !== undefined);
  return {
    time: time.toISOString(),
    config: ini.file,
    role,
    ...Object.fromEntries(there),
    failed,
  };
}
