/**
 * Directories of a receiver with three messages in reject: one that is accepted now,
 * one that is not, and one of the loader.
 *
 * @module
 */
import { Logger } from "../../../../lib/log/mod.ts";
import {
  DirqRejected,
  DirqSchema,
  type IncomingSpool,
  type RejectedSpool,
  type SignedSpool,
  Ssm1Incoming,
  Ssm1Reject,
  Ssm1Rejected,
} from "../../../../lib/spool/mod.ts";
import {
  type OpeningEnvelope,
  type Retried,
  RETRY_FIELD,
  retryRejected,
} from "../../../../lib/ssm/mod.ts";
import { systemClock } from "../../../../lib/time/mod.ts";
import { text } from "../../../kit/text.ts";

/** A kind of directories. */
export type Kind = "dirq" | "ssm1";

const SIGNER = "/CN=anybody";

/** The messages, by their bodies. */
export const GOOD = "good";
export const BAD = "bad";
export const OF_LOADER = "unreadable";

/** Accepts all but one. */
const envelope: OpeningEnvelope = {
  open: (payload) =>
    Promise.resolve(
      text(payload) === BAD
        ? {
          ...{ status: "rejected", body: payload },
          ...{ signer: "/CN=bad", error: "Still bad" },
        }
        : {
          ...{ status: "accepted", payload, signer: SIGNER },
          signing: { statement: `act of ${text(payload)}`, unique: true },
        } as never,
    ),
};

/** The directories of a receiver below `dir`. */
export async function openSpools(kind: Kind, dir: string): Promise<{
  incoming: SignedSpool;
  reject: IncomingSpool;
  rejected: RejectedSpool;
}> {
  if (kind === "ssm1") {
    return {
      incoming: await Ssm1Incoming.open(dir),
      reject: await Ssm1Reject.open(dir),
      rejected: new Ssm1Rejected(dir),
    };
  }
  const open = (name: string) =>
    DirqSchema.open(`${dir}/${name}`, { ledgerDirectory: `${dir}/l/${name}` });
  return {
    incoming: await open("incoming"),
    reject: await open("reject"),
    rejected: new DirqRejected(`${dir}/reject`, {
      incoming: `${dir}/incoming`,
      mark: RETRY_FIELD,
      // Nobody else works here, so every lock is of one that was killed.
      maxLockMs: -1,
    }),
  };
}

/** Puts the three messages into reject. */
export async function rejectThree(kind: Kind, dir: string): Promise<void> {
  const { reject } = await openSpools(kind, dir);
  for (const body of [GOOD, BAD, OF_LOADER]) {
    if (kind === "ssm1" && body === OF_LOADER) {
      // The name that it had in incoming, which no other message there has.
      const path = `${dir}/reject/20260102-030405-006`;
      await Deno.writeTextFile(`${path}.err`, "Parsing unsuccessful: x\n");
      await Deno.writeTextFile(`${path}.sig`, `${SIGNER}\n`);
      await Deno.writeTextFile(path, body);
      continue;
    }
    const fields = {
      ...{ body, empaid: `id of ${body}` },
      signer: body === OF_LOADER ? SIGNER : "Not available.",
      error: body === OF_LOADER ? "Parsing unsuccessful: x" : "No reason",
    };
    const prepared = await reject.prepare({ key: body, origin: body, fields });
    await prepared!.commit();
  }
}

/**
 * Judges all that is in reject again: one message after the other, so that the steps of
 * two runs are the same.
 */
export async function retryAll(kind: Kind, dir: string): Promise<Retried[]> {
  const { rejected, ...spools } = await openSpools(kind, dir);
  const ids: string[] = [];
  for await (const { id } of rejected.entries()) ids.push(id);
  const retried: Retried[] = [];
  for (const id of ids) {
    await retryRejected({
      ...spools,
      ...{ rejected, ids: [id], envelope, clock: systemClock },
      log: new Logger("test", []),
      signal: new AbortController().signal,
      onRetried: (one) => retried.push(one),
    });
  }
  return retried;
}
