/**
 * `ssm verify`: who signed a message in a file, and what is thought of it.
 *
 * @module
 */
import { openTrustStore } from "../../credentials/mod.ts";
import { quoted, reason, SsmError } from "../../errors.ts";
import { silentLogger } from "../../log/mod.ts";
import {
  type DescribeOptions,
  type OpeningEnvelope,
  SmimeOpener,
} from "../../ssm/mod.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import { usage } from "../command/option_values.ts";
import { EXIT } from "../command/terminal.ts";
import { rejectStore } from "../wiring/rejected.ts";
import { chosenFile, RECEIVING } from "./chosen_file.ts";
import {
  judgementDocument,
  judgementLines,
  judgementOf,
} from "../views/judgement.ts";
import { printJson } from "../views/outcome.ts";
import { theOnlyId } from "./selection.ts";

const NAME = "verify";

/** The command. */
export const verifyCommand: Command = {
  name: NAME,
  usage: `Usage: ssm verify [OPTIONS] FILE

Says who signed the S/MIME message in a file, whether the signature and the chain of
certificates are good, and, with -c, whether a receiver with that configuration would
accept it.
`,
  operands: true,
  options: {
    "Options": {
      "-c, --config FILE":
        "judges as this receiver does: with its CA directory, CRLs, list of DNs and key",
      "--capath DIR":
        "judges with this CA directory alone: any signer that it vouches for is good",
      "--no-crls": "with --capath: without a look at CRLs",
      "--json": "one JSON document, for programs",
    },
  },
  notes:
    `Exit status: 0 it is good; 1 it is not, or the file cannot be read; 2 the command line
is wrong.

Examples:
  ssm verify -c /etc/apel/receiver.cfg message.eml
  ssm verify --capath /etc/grid-security/certificates message.eml
`,
  run: verify,
};

/** Larger than any receiver takes. */
const MAX_BYTES = 1 << 30;

async function verify(
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  const file = theOnlyId(NAME, values, "FILE");
  const judge = await judgeOf(values, context);
  if (!judge) return EXIT.failure;
  const judgement = await judgementOf(await read(file), judge);
  const { terminal } = context;
  if (values["json"] === true) {
    printJson(terminal, { file, judgement: judgementDocument(judgement) });
  } else {
    for (const line of judgementLines(judgement)) terminal.out(line);
  }
  return judgement.verdict === "accepted" ? EXIT.ok : EXIT.failure;
}

/** What judges; `undefined` when it is said on standard output that there is no such file. */
async function judgeOf(
  values: OptionValues,
  context: CommandContext,
): Promise<
  { envelope: OpeningEnvelope; looking: DescribeOptions } | undefined
> {
  const capath = textOption(values, "capath");
  if (capath === undefined) {
    if (values["no-crls"] === true) {
      throw usage(NAME, "The option --no-crls needs --capath");
    }
    const ini = await chosenFile(values, context, RECEIVING);
    return ini && await rejectStore(ini).judge(silentLogger());
  }
  if (values["config"] !== undefined) {
    throw usage(NAME, "The options -c and --capath cannot be given together");
  }
  const trust = openTrustStore(
    capath,
    (words) => context.terminal.err(`ssm: warning: ${words}`),
  );
  const checkCrls = values["no-crls"] !== true;
  const looking: DescribeOptions = {
    recipients: noRecipients,
    trust: (signer, others) => trust.verify(signer, others, { checkCrls }),
    maxMessageBytes: MAX_BYTES,
  };
  const isAllowed = () => true;
  return { looking, envelope: new SmimeOpener({ ...looking, isAllowed }) };
}

function noRecipients(): never {
  throw new SsmError(
    "DECRYPT",
    "it is encrypted, and without the configuration of its receiver (-c FILE) there is no key to open it",
  );
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    // The runtime repeats operation and path after the words of the system.
    const words = reason(cause).replace(/ \(os error \d+\).*$/, "");
    throw new SsmError("SPOOL", `Cannot read ${quoted(path)}: ${words}`);
  }
}
