/**
 * Whether what arrived is what was sent.
 *
 * @module
 */
import { DeliveredElements } from "../../../../lib/spool/mod.ts";
import type { Arrival } from "../parties/consumer.ts";
import { digestOf } from "../parties/traffic.ts";

/** Everything in the dirq Queue at `path`. */
export async function elementsIn(path: string): Promise<Arrival[]> {
  const queue = new DeliveredElements(path);
  return await Promise.all(
    queue.list().map(async (name) => {
      const { body, signer, empaid, ...others } = await queue.read(name);
      if (!body || !signer || !empaid || Object.keys(others).length > 0) {
        throw new Error(`Half an element in incoming: ${name}`);
      }
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { id: text(empaid), digest: digestOf(body), signer: text(signer) };
    }),
  );
}

/** Everything in the directory `path`, as SSM1 keeps it: bodies, and signers beside them. */
export async function loadedFrom(path: string): Promise<Arrival[]> {
  const names = Array.from(Deno.readDirSync(path), ({ name }) => name);
  const bodies = names.filter((name) => !/^\.|\.sig$/.test(name));
  return await Promise.all(bodies.map(async (name) => {
    const digest = digestOf(await Deno.readFile(`${path}/${name}`));
    const signer = await Deno.readTextFile(`${path}/${name}.sig`);
    return { id: digest, digest, signer: signer.trimEnd() };
  }));
}

/** How many files met each fate, and which. */
export interface Verdict {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Other bytes than were sent. */
  readonly changed: readonly string[];
  readonly wronglySigned: readonly string[];
  /** Never sent. */
  readonly strange: readonly string[];
}

/** Compares; `sent` tells the digest of each file by its id. */
export function judge(
  sent: ReadonlyMap<string, string>,
  arrivals: readonly Arrival[],
  signer: string,
): Verdict {
  const seen = new Set<string>();
  const verdict = {
    doubled: [] as string[],
    changed: [] as string[],
    wronglySigned: [] as string[],
    strange: [] as string[],
  };
  for (const arrival of arrivals) {
    const { id } = arrival;
    const digest = sent.get(id);
    if (digest === undefined) verdict.strange.push(id);
    else if (digest !== arrival.digest) verdict.changed.push(id);
    if (arrival.signer !== signer) verdict.wronglySigned.push(id);
    if (seen.has(id)) verdict.doubled.push(id);
    seen.add(id);
  }
  const lost = [...sent.keys()].filter((id) => !seen.has(id));
  return { lost, ...verdict };
}
