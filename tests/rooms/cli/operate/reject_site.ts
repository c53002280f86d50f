/**
 * A receiver's directories with messages in reject, for the commands of an operator.
 *
 * @module
 */
import { DirqSchema } from "../../../../lib/spool/mod.ts";
import type { Credentials } from "../../../peers/openssl/openssl.ts";
import type { Site } from "../../../kit/programs/program_site.ts";

/** Puts a message into reject as a receiver does that refused it. */
export async function rejectMessage(
  site: Site,
  from: Credentials,
  { text, id, error, signer = "Not available." }: {
    text: string;
    id: string;
    error: string;
    signer?: string;
  },
): Promise<string> {
  const body = await site.sign(from, text);
  return await putIntoReject(site, { body, empaid: id, error, signer });
}

/** Puts an element into reject. */
export async function putIntoReject(
  site: Site,
  fields: Record<string, string>,
): Promise<string> {
  const queue = await DirqSchema.open(`${site.received}/reject`, {
    ledgerDirectory: `${site.received}/.ssm-ledger/reject`,
  });
  const prepared = await queue.prepare({ key: fields["empaid"]!, fields });
  return (await prepared!.commit())!;
}
