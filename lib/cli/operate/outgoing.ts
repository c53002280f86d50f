/**
 * `ssm outgoing`: what waits to be sent.
 *
 * @module
 */
import { Logger } from "../../log/mod.ts";
import { sendersOf, type WaitingEntry } from "../../spool/mod.ts";
import type {
  Command,
  CommandContext,
  OptionValues,
} from "../command/command.ts";
import { EXIT } from "../command/terminal.ts";
import { type OutgoingStore, outgoingStore } from "../wiring/outgoing.ts";
import { chosenFile, CONFIG_OPTION, SENDING } from "./chosen_file.ts";
import { headLines, messageHead } from "../views/message_head.ts";
import { printJson } from "../views/outcome.ts";
import {
  OutgoingTotals,
  waitingDetails,
  waitingDocument,
  waitingLines,
} from "../views/outgoing_views.ts";
import { chosenIn, theEntry } from "./outgoing_choice.ts";
import { removeFiles, unlockFiles } from "./outgoing_change.ts";
import { CHOICE_BY_AGE, selectionOf, theOnlyId } from "./selection.ts";

const JSON_OPTION = { "--json": "one JSON document, for programs" };

const listCommand: Command = {
  name: "outgoing list",
  usage: `Usage: ssm outgoing list [OPTIONS] [ID...]

Tells how many files wait to be sent, since when, who has locked them, and what lies
there and is never sent.
`,
  operands: true,
  options: {
    "Options": {
      ...CONFIG_OPTION,
      "-a, --all": "one line for each file, with its id",
      ...JSON_OPTION,
    },
    "Which files": CHOICE_BY_AGE,
  },
  notes:
    `Exit status: 0 listed, also when there is nothing; 1 something failed; 2 the command
line is wrong.

Examples:
  ssm outgoing list
  ssm outgoing list --all --older-than 1d
`,
  run: withStore(list),
};

const showCommand: Command = {
  name: "outgoing show",
  usage: `Usage: ssm outgoing show [OPTIONS] ID

Shows one file: its size, its age, whose lock is on it, and its first lines.
`,
  operands: true,
  options: {
    "Options": {
      ...CONFIG_OPTION,
      "--body":
        "writes the file itself, byte for byte; on a terminal, what could drive it is shown as \\x1b and the like",
      ...JSON_OPTION,
    },
  },
  notes:
    `Exit status: 0 shown; 1 there is no such file, or it cannot be read; 2 the command
line is wrong.
`,
  run: withStore(show),
};

const unlockCommand: Command = {
  name: "outgoing unlock",
  usage: `Usage: ssm outgoing unlock [OPTIONS] [ID...]

Takes locks away that a sender has left behind. Says whose each was, as far as can be
told, and leaves it when that sender runs.
`,
  operands: true,
  options: {
    "Options": {
      ...CONFIG_OPTION,
      "--yes":
        "also a young lock of which nobody knows the owner, such as a program in another language: make sure that none sends from here",
      ...JSON_OPTION,
    },
    "Which files": { "-a, --all": "all that are locked", ...CHOICE_BY_AGE },
  },
  notes:
    `Exit status: 0 what was chosen is not locked; 1 something is; 2 the command line is
wrong.

Examples:
  ssm outgoing unlock --all
`,
  run: withStore(unlockFiles),
};

const removeCommand: Command = {
  name: "outgoing remove",
  usage: `Usage: ssm outgoing remove --yes [OPTIONS] [ID...]

Deletes files from outgoing, which are then never sent. What a sender has locked
stays.
`,
  operands: true,
  options: {
    "Options": {
      ...CONFIG_OPTION,
      "--yes": "really; without it, it is only said what would be deleted",
      ...JSON_OPTION,
    },
    "Which files": { "-a, --all": "all of them", ...CHOICE_BY_AGE },
  },
  notes:
    `Exit status: 0 deleted; 1 something was not; 2 the command line is wrong, or --yes is
missing.
`,
  run: withStore(removeFiles),
};

/** The commands, by their second word. */
export const OUTGOING_COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["list", listCommand],
  ["show", showCommand],
  ["unlock", unlockCommand],
  ["remove", removeCommand],
]);

/** What a command does with the outgoing directory of a file. */
function withStore(
  run: (
    store: OutgoingStore,
    values: OptionValues,
    context: CommandContext,
  ) => Promise<number>,
): Command["run"] {
  return async (values, context) => {
    const ini = await chosenFile(values, context, SENDING);
    return ini ? await run(outgoingStore(ini), values, context) : EXIT.failure;
  };
}

async function list(
  store: OutgoingStore,
  values: OptionValues,
  { terminal }: CommandContext,
): Promise<number> {
  const selection = selectionOf(values);
  const wantsEach = selection.all || selection.ids.length > 0;
  const totals = new OutgoingTotals();
  const entries: WaitingEntry[] = [];
  for await (const entry of chosenIn(store, selection)) {
    totals.add(entry);
    if (wantsEach) entries.push(entry);
  }
  const senders = sendersOf(store.path);
  const skipped = await skippedIn(store);
  if (values["json"] === true) {
    printJson(
      terminal,
      totals.document(store, {
        senders,
        skipped,
        ...(wantsEach && { entries }),
      }),
    );
    return EXIT.ok;
  }
  for (const line of totals.lines(store, senders)) terminal.out(line);
  for (const words of skipped) terminal.out(words, "bad");
  if (entries.length === 0) return EXIT.ok;
  const [headings = "", ...lines] = waitingLines(entries, senders);
  terminal.out("");
  terminal.out(headings, "heading");
  for (const line of lines) terminal.out(line);
  return EXIT.ok;
}

/** What lies there and is never sent, as the sender says it in its log. */
async function skippedIn({ spool }: OutgoingStore): Promise<string[]> {
  const words: string[] = [];
  const log = new Logger("ssm", [({ message }) => words.push(message)]);
  await spool(log).list({
    unreadable: ({ message }) => words.push(message),
  });
  return words;
}

async function show(
  store: OutgoingStore,
  values: OptionValues,
  { terminal }: CommandContext,
): Promise<number> {
  const entry = await theEntry(store, theOnlyId("outgoing show", values));
  if (values["body"] === true) {
    await terminal.body(await store.waiting.read(entry.id));
    return EXIT.ok;
  }
  const senders = sendersOf(store.path);
  const beginning = await store.waiting.read(entry.id, SHOWN_BYTES);
  const { lines, more } = messageHead(new Uint8Array(0), beginning);
  const head = { headers: [], lines, more: more || entry.bytes > SHOWN_BYTES };
  if (values["json"] === true) {
    printJson(terminal, {
      file: {
        ...waitingDocument(entry, senders),
        ...{ first_lines: head.lines, more: head.more },
      },
    });
    return EXIT.ok;
  }
  for (const line of waitingDetails(entry, senders)) terminal.out(line);
  for (const line of headLines(head)) terminal.out(line);
  return EXIT.ok;
}

/** So much of a file is looked at. */
const SHOWN_BYTES = 16 << 10;
