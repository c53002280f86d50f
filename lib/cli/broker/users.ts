/**
 * Who may connect to the embedded broker: its users file, and those named on
 * the command line.
 *
 * @module
 */
import {
  type Authenticate,
  hashPasscode,
  parsePasscodeHash,
  type PasscodeHash,
  userTable,
} from "../../broker/mod.ts";
import { checkExposure } from "../../credentials/mod.ts";
import { SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { formatDn, parseCertificate } from "../../pki/mod.ts";
import type { Terminal } from "../command/terminal.ts";
import { readEntries } from "../command/text_file.ts";

/** Passcodes, plain or hashed, by login. */
type Users = Map<string, string | PasscodeHash>;

/** Where users are named. */
export interface UserSources {
  readonly file: string | undefined;
  /** `login:passcode`, each. */
  readonly given: readonly string[];
}

/**
 * Judges clients by all the users there are; without any, everybody is let in,
 * by the name in a verified certificate if there is one.
 *
 * @throws {SsmError} `CONFIG` for a file that cannot be used, `USAGE` for a user
 *   on the command line that is none
 */
export function brokerUsers(
  { file, given }: UserSources,
  log: Logger,
): Authenticate {
  if (file === undefined && given.length === 0) return byCertificate;
  const users: Users = file === undefined ? new Map() : readUsers(file, log);
  for (const user of given) {
    const [login, passcode] = split(user) ?? [];
    if (login === undefined || passcode === undefined) {
      throw new SsmError("USAGE", "A --user is not login:passcode", {
        hint: "see: ssm broker --help",
      });
    }
    users.set(login, passcode);
  }
  return userTable(users);
}

const byCertificate: Authenticate = ({ login, peer }) => ({
  name: peer === undefined
    ? login ?? "anonymous"
    : formatDn(parseCertificate(peer.leaf).subject),
});

/** Reads the file; passcodes in it that are not hashed are worth a warning. */
function readUsers(path: string, log: Logger): Users {
  const danger = "they can read or change who may connect";
  checkExposure(
    { path, what: "Users file", danger },
    (words) => log.warning(words),
  );
  const users: Users = new Map();
  const plain: number[] = [];
  for (const { text, line } of readEntries(path)) {
    const where = `${path}, line ${line}`;
    const [login, passcode] = split(text) ?? [];
    if (login === undefined || passcode === undefined) {
      throw new SsmError(
        "CONFIG",
        `Cannot use ${where}: it is not login:passcode`,
      );
    }
    const hash = parsePasscodeHash(passcode);
    if (hash === undefined) plain.push(line);
    users.set(login, hash ?? passcode);
  }
  if (plain.length > 0) {
    log.warning(
      `${plain.length} passcodes in ${path} are not hashed, the first in ` +
        `line ${plain[0]}: ssm broker --hash-password makes lines that are`,
    );
  }
  return users;
}

/**
 * Makes lines of a users file: reads `login:passcode` lines from standard input
 * and prints each with its passcode hashed.
 *
 * @throws {SsmError} `USAGE` for a line that is none
 */
export async function hashPasscodes(terminal: Terminal): Promise<void> {
  const text = await new Response(Deno.stdin.readable).text();
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const users = lines.map((line, index) => {
    const user = split(line);
    if (user !== undefined) return user;
    throw new SsmError(
      "USAGE",
      `Line ${index + 1} of standard input is not login:passcode`,
    );
  });
  for (const [login, passcode] of users) {
    terminal.out(`${login}:${await hashPasscode(passcode)}`);
  }
}

/** The login ends at the first colon; the passcode may have more of them. */
function split(line: string): [login: string, passcode: string] | undefined {
  const colon = line.indexOf(":");
  return colon < 1 ? undefined : [line.slice(0, colon), line.slice(colon + 1)];
}
