/**
 * `ssm check` as a user types it, and what it says, without what differs from run to
 * run.
 *
 * @module
 */
import { type Outcome, ssm } from "../../../kit/programs/program.ts";
import type { Site } from "../../../kit/programs/program_site.ts";

/** Where ports, times and numbers stand in what is expected. */
const NUMBERS: readonly (readonly [RegExp, string])[] = [
  [
    /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z, \d+ (days|hours) (ago|from now)/g,
    "DATE",
  ],
  [/\d+ MiB are free, and \d+ inodes/g, "N MiB are free, and N inodes"],
  [/as user \d+/g, "as user UID"],
];

/** Runs it; the lines of standard output, and the rest. */
export async function check(
  site: Site,
  config: string,
  ...args: string[]
): Promise<{ status: number; lines: string[]; stderr: string }> {
  const { status, stdout, stderr } = await run(config, args);
  let text = stdout.replaceAll(site.dir, "SITE")
    .replaceAll(site.pki.dir, "PKI");
  for (const [pattern, word] of NUMBERS) text = text.replace(pattern, word);
  return { status, lines: text.trimEnd().split("\n"), stderr };
}

function run(config: string, args: readonly string[]): Promise<Outcome> {
  return ssm(["check", "-c", config, ...args]);
}

/** Those lines, with the hints under them, that are of one level. */
export function only(
  lines: readonly string[],
  ...levels: readonly string[]
): string[] {
  let isWanted = false;
  return lines.slice(0, -1).filter((line) => {
    const [, level] = /^(ok|warn|fail|unknown) /.exec(line) ?? [];
    if (level !== undefined) isWanted = levels.includes(level);
    return isWanted;
  }).map((line) => line.replace(/ {2,}/g, " ").trim());
}
