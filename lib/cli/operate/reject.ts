/**
 * `ssm reject`: what was not accepted.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { RejectedEntry } from "../../spool/mod.ts";
import type {
  Command,
  CommandContext,
  OptionValues,
} from "../command/command.ts";
import { EXIT } from "../command/terminal.ts";
import { type RejectStore, rejectStore } from "../wiring/rejected.ts";
import { chosenFile, CONFIG_OPTION, RECEIVING } from "./chosen_file.ts";
import { printJson, tellRemoved, withEach } from "../views/outcome.ts";
import { showRejected } from "./reject_show.ts";
import { retryChosen } from "./reject_retry.ts";
import {
  entryLines,
  groupLines,
  rejectDocument,
  RejectGroups,
  summaryLine,
} from "../views/reject_views.ts";
import { choose, chosenIn } from "./reject_choice.ts";
import { CHOICE_OF_REJECTED, selectionOf, theOnlyId } from "./selection.ts";

const JSON_OPTION = { "--json": "one JSON document, for programs" };

const listCommand: Command = {
  name: "reject list",
  usage: `Usage: ssm reject list [OPTIONS] [ID...]

Lists the messages that were not accepted, by reason and signer.
`,
  operands: true,
  options: {
    "Options": {
      ...CONFIG_OPTION,
      "-a, --all": "one line for each message, with its id",
      ...JSON_OPTION,
    },
    "Which messages": CHOICE_OF_REJECTED,
  },
  notes:
    `Exit status: 0 listed, also when there is nothing; 1 something failed; 2 the command
line is wrong.

Examples:
  ssm reject list
  ssm reject list --all --reason 'not in valid DNs list' --older-than 2d
`,
  run: withStore(list),
};

const showCommand: Command = {
  name: "reject show",
  usage: `Usage: ssm reject show [OPTIONS] ID

Shows one message: why it is in reject, who signed it, what the receiver, as it is
configured now, thinks of it, its headers and its first lines.
`,
  operands: true,
  options: {
    "Options": {
      ...CONFIG_OPTION,
      "--body":
        "writes the message itself, as it came; on a terminal, what could drive it is shown as \\x1b and the like",
      ...JSON_OPTION,
    },
  },
  notes:
    `Exit status: 0 shown; 1 there is no such message, or it cannot be read; 2 the
command line is wrong.

Examples:
  ssm reject show 00000000/6927a1f2c0ffee
  ssm reject show 00000000/6927a1f2c0ffee --body > message.eml
`,
  run: withStore((store, values, context) =>
    showRejected(store, theOnlyId("reject show", values), {
      ...context,
      body: values["body"] === true,
      json: values["json"] === true,
    })
  ),
};

const retryCommand: Command = {
  name: "reject retry",
  usage: `Usage: ssm reject retry [OPTIONS] [ID...]

Judges messages again, as the receiver would now. What passes goes to incoming, once;
what does not stays, with its new reason. What the loader has put into reject goes
back to incoming. The receiver may run meanwhile.
`,
  operands: true,
  options: {
    "Options": { ...CONFIG_OPTION, ...JSON_OPTION },
    "Which messages": { "-a, --all": "all of them", ...CHOICE_OF_REJECTED },
  },
  notes:
    `Exit status: 0 all that was chosen is in incoming, or was there before; 1 something
stays in reject; 2 the command line is wrong.

Examples:
  ssm reject retry --reason 'not in valid DNs list'
  ssm reject retry 00000000/6927a1f2c0ffee
`,
  run: withStore(async (store, values, context) => {
    const chosen = await choose(store.rejected, "reject retry", values);
    return await retryChosen(store, chosen, {
      ...context,
      json: values["json"] === true,
    });
  }),
};

const removeCommand: Command = {
  name: "reject remove",
  usage: `Usage: ssm reject remove --yes [OPTIONS] [ID...]

Deletes messages from reject. They are gone then; see ssm reject show ID --body.
`,
  operands: true,
  options: {
    "Options": {
      ...CONFIG_OPTION,
      "--yes": "really; without it, it is only said what would be deleted",
      ...JSON_OPTION,
    },
    "Which messages": { "-a, --all": "all of them", ...CHOICE_OF_REJECTED },
  },
  notes:
    `Exit status: 0 deleted; 1 something was not; 2 the command line is wrong, or --yes is
missing.

Examples:
  ssm reject remove --yes --older-than 4w
`,
  run: withStore(remove),
};

/** The commands, by their second word. */
export const REJECT_COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["list", listCommand],
  ["show", showCommand],
  ["retry", retryCommand],
  ["remove", removeCommand],
]);

/** What a command does with the reject directory of a file. */
function withStore(
  run: (
    store: RejectStore,
    values: OptionValues,
    context: CommandContext,
  ) => Promise<number>,
): Command["run"] {
  return async (values, context) => {
    const ini = await chosenFile(values, context, RECEIVING);
    return ini ? await run(rejectStore(ini), values, context) : EXIT.failure;
  };
}

async function list(
  { path, rejected }: RejectStore,
  values: OptionValues,
  { terminal }: CommandContext,
): Promise<number> {
  const selection = selectionOf(values);
  const wantsEach = selection.all || selection.ids.length > 0;
  const groups = new RejectGroups();
  const entries: RejectedEntry[] = [];
  for await (const entry of chosenIn(rejected, selection)) {
    groups.add(entry);
    if (wantsEach) entries.push(entry);
  }
  if (values["json"] === true) {
    printJson(
      terminal,
      rejectDocument(path, groups, wantsEach ? entries : undefined),
    );
    return EXIT.ok;
  }
  terminal.out(summaryLine(path, groups));
  if (groups.total === 0) return EXIT.ok;
  const [headings = "", ...lines] = wantsEach
    ? entryLines(entries)
    : groupLines(groups);
  terminal.out("");
  terminal.out(headings, "heading");
  for (const line of lines) terminal.out(line);
  return EXIT.ok;
}

async function remove(
  { rejected }: RejectStore,
  values: OptionValues,
  { terminal }: CommandContext,
): Promise<number> {
  const chosen = await choose(rejected, "reject remove", values);
  if (values["yes"] !== true) {
    throw new SsmError(
      "USAGE",
      `${chosen.length} of the messages in reject would be deleted`,
      { hint: "say it with --yes" },
    );
  }
  const outcome = await withEach(chosen, async (id) => {
    const element = await rejected.lock(id);
    if (element === "held") return "another process works on it";
    if (element !== "gone") await element.remove();
    return undefined;
  });
  return tellRemoved(terminal, outcome, values["json"] === true);
}
