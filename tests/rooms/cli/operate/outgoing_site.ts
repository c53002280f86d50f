/**
 * An outgoing directory in which a sender has died.
 *
 * @module
 */
import assert from "node:assert/strict";
import { announceSender } from "../../../../lib/spool/mod.ts";
import type { Site } from "../../../kit/programs/program_site.ts";

/** A trace that a sender left which was killed. */
export async function leaveTrace(site: Site): Promise<void> {
  const trace = announceSender(site.outgoing, {
    ...{ pid: 4711, host: "old.example.org", since: Date.now() - 60_000 },
  });
  const [{ name } = assert.fail()] = [
    ...Deno.readDirSync(`${site.outgoing}/.ssm-senders`),
  ];
  const path = `${site.outgoing}/.ssm-senders/${name}`;
  const text = await Deno.readTextFile(path);
  trace[Symbol.dispose]();
  await Deno.mkdir(`${site.outgoing}/.ssm-senders`, { recursive: true });
  await Deno.writeTextFile(path, text);
}
