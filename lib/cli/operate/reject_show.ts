/**
 * `ssm reject show`: one message that was not accepted.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import { silentLogger } from "../../log/mod.ts";
import { isOfLoader } from "../../ssm/mod.ts";
import type { CommandContext } from "../command/command.ts";
import { EXIT } from "../command/terminal.ts";
import type { RejectStore } from "../wiring/rejected.ts";
import { theEntry } from "./reject_choice.ts";
import {
  type Judgement,
  judgementDocument,
  judgementLines,
  judgementOf,
} from "../views/judgement.ts";
import {
  headLines,
  type MessageHead,
  messageHead,
} from "../views/message_head.ts";
import { printJson } from "../views/outcome.ts";
import { entryDetails, entryDocument } from "../views/reject_views.ts";

/** Shows the message of that name; the exit status. */
export async function showRejected(
  store: RejectStore,
  id: string,
  { terminal, body: wantsBody, json }: Pick<CommandContext, "terminal"> & {
    body: boolean;
    json: boolean;
  },
): Promise<number> {
  const entry = theEntry(store.rejected, id);
  const { body = new Uint8Array(0) } = await store.rejected.read(id);
  if (wantsBody) {
    await terminal.body(body);
    return EXIT.ok;
  }
  const opinion = await opinionOn(body, entry.reason, store);
  const judgement = typeof opinion === "string" ? undefined : opinion;
  const head = messageHead(body, judgement?.facts.payload);
  if (json) {
    printJson(terminal, {
      message: {
        ...entryDocument(entry),
        ...headDocument(head),
        judgement: judgement ? judgementDocument(judgement) : null,
      },
    });
    return EXIT.ok;
  }
  for (const line of entryDetails(entry)) terminal.out(line);
  terminal.out("");
  terminal.out("Judged now:", "heading");
  const lines = judgement ? judgementLines(judgement) : [`${opinion}`];
  for (const line of lines) terminal.out(`  ${line}`);
  for (const line of headLines(head)) terminal.out(line);
  return EXIT.ok;
}

/** What is thought of it now, or why nothing is. */
async function opinionOn(
  body: Uint8Array,
  why: string,
  store: RejectStore,
): Promise<Judgement | string> {
  if (isOfLoader(why)) {
    return "it was accepted, and the loader could not read it; retry moves it back to incoming";
  }
  try {
    return await judgementOf(body, await store.judge(silentLogger()));
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return `it cannot be judged: ${reason(error)}`;
  }
}

function headDocument({ headers, lines, more }: MessageHead) {
  return { headers, first_lines: lines, more };
}
