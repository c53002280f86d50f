/**
 * `ssm check`: will it work?
 *
 * @module
 */
import { join } from "node:path";
import { type Ini, readIni } from "../../config/mod.ts";
import { quoted, SsmError } from "../../errors.ts";
import { checkAll } from "../check/all.ts";
import { failures, type Finding, unknown } from "../check/finding/finding.ts";
import {
  presentable,
  type Report,
  showDocument,
  showLines,
  showNagios,
  statusOf,
} from "../check/finding/report.ts";
import { secretsOf } from "../check/subject/secrets.ts";
import { readSubject } from "../check/subject/subject.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import { isFile } from "../command/config_file.ts";
import { usage } from "../command/option_values.ts";

/** Where the usual files are. */
const USUAL_FILES = ["sender.cfg", "receiver.cfg", "ssm.cfg", "ssm1.cfg"]
  .map((name) => join("/etc/apel", name));

/** The command. */
export const checkCommand: Command = {
  name: "check",
  usage: `Usage: ssm check [OPTIONS]

Tells whether a sender, a receiver or a broker will work with its configuration: reads
it, looks at files, directories, certificates, CRLs and the list of DNs, connects to
the broker or AMS, and tries the destination. It finds all faults at once, and says
under each what to do. No message is sent or taken, and no running process disturbed.
`,
  options: {
    "Options": {
      "-c, --config FILE":
        "default: the one of /etc/apel/sender.cfg, receiver.cfg, ssm.cfg and ssm1.cfg that exists",
      "--offline": "without the network",
      "--json": "one JSON document, for programs",
      "--nagios": "one line with performance data, as a Nagios plug-in",
    },
  },
  notes:
    `Exit status: 0 all is well; 1 it works, with warnings; 2 it does not work; 3 it cannot
be told, such as without a configuration. 2 also when the command line is wrong.

Examples:
  ssm check
  ssm check -c /etc/apel/sender.cfg --offline
  ssm check -c /etc/apel/receiver.cfg --nagios
`,
  run,
};

async function run(
  values: OptionValues,
  { terminal, signal }: CommandContext,
): Promise<number> {
  if (values["json"] === true && values["nagios"] === true) {
    throw usage("check", "--json and --nagios exclude each other");
  }
  const report = await check(values, signal);
  const show = values["json"] === true
    ? showDocument
    : values["nagios"] === true
    ? showNagios
    : showLines;
  show(report, terminal);
  return statusOf(report.findings);
}

async function check(
  values: OptionValues,
  signal: AbortSignal,
): Promise<Report> {
  const offline = values["offline"] === true;
  const named = textOption(values, "config");
  const nothing = { role: undefined, protocol: undefined };
  const file = named ?? await usualFile();
  if (!await isFile(file)) {
    const text = `There is no configuration file ${quoted(file)}`;
    const hint = "name the one that is meant: -c FILE";
    return {
      ...{ file, ...nothing },
      findings: [unknown("configuration", text, { hint })],
    };
  }
  let ini: Ini | undefined;
  try {
    ini = await readIni(file);
    const subject = await readSubject(ini);
    const findings = await checkAll(subject, { offline, signal });
    return {
      ...{ file, role: subject.role, protocol: subject.protocol },
      findings: presentable(findings, secretsOf(subject)),
    };
  } catch (error) {
    const findings: Finding[] = failures("configuration", error);
    return { ...{ file, ...nothing }, findings: presentable(findings, []) };
  }
}

/** @throws {SsmError} `USAGE` when there are several */
async function usualFile(): Promise<string> {
  const found: string[] = [];
  for (const path of USUAL_FILES) if (await isFile(path)) found.push(path);
  if (found.length < 2) return found[0] ?? USUAL_FILES[0]!;
  throw new SsmError("USAGE", `There are several files: ${found.join(", ")}`, {
    hint: "name the one that is meant: -c FILE",
  });
}
