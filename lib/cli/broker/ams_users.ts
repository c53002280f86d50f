/**
 * The users of the embedded broker's AMS: their file.
 *
 * @module
 */
import {
  AMS_RIGHTS,
  type AmsGrant,
  type AmsUserEntry,
  type AmsUsers,
  amsUserTable,
  anybody,
  hashToken,
} from "../../broker/mod.ts";
import { checkExposure } from "../../credentials/mod.ts";
import { reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Terminal } from "../command/terminal.ts";
import { readEntries } from "../command/text_file.ts";

/** Shorter tokens could be guessed: their hash costs a guesser next to nothing. */
const MIN_TOKEN_LENGTH = 16;

/** What users depend on besides their file. */
export interface AmsUsersOptions {
  /** Certificates are asked for and verified; without that, no user can have one. */
  readonly certificates: boolean;
  /** What tokens for certificates are made with. */
  readonly tokenKey: Uint8Array;
}

/**
 * The users of a file; without one everybody may do everything.
 *
 * @throws {SsmError} `CONFIG` for a file that cannot be used
 */
export function amsUsers(
  path: string | undefined,
  { certificates, tokenKey }: AmsUsersOptions,
  log: Logger,
): AmsUsers {
  if (path === undefined) return anybody(tokenKey);
  const danger = "they can read or change who may publish and pull";
  checkExposure(
    { path, what: "AMS users file", danger },
    (words) => log.warning(words),
  );
  const plain: number[] = [];
  const entries = readEntries(path).map(({ text, line }) => {
    try {
      const { entry, hashed } = parseEntry(text, certificates);
      if (!hashed) plain.push(line);
      return entry;
    } catch (error) {
      throw new SsmError(
        "CONFIG",
        `Cannot use ${path}, line ${line}: ${reason(error)}`,
      );
    }
  });
  if (plain.length > 0) {
    log.warning(
      `${plain.length} tokens in ${path} are not hashed, the first in ` +
        `line ${plain[0]}: ssm broker --hash-token makes what is`,
    );
  }
  return amsUserTable(entries, tokenKey);
}

/** `NAME:RIGHTS:CREDENTIAL`. @throws {SyntaxError} for anything else */
function parseEntry(
  text: string,
  certificates: boolean,
): { entry: AmsUserEntry; hashed: boolean } {
  const [, name, rights, credential] =
    /^([^:]{1,255}):([^:]*):(.+)$/.exec(text) ?? [];
  if (name === undefined || rights === undefined || credential === undefined) {
    throw new SyntaxError("it is not name:rights:credential");
  }
  const grants = rights.split(",").map((right) => parseGrant(right.trim()));
  if (credential.startsWith("/")) {
    if (!certificates) {
      throw new SyntaxError(
        "a user by DN needs tls, and a capath or cafile to trust certificates by",
      );
    }
    const dn = credential.trim();
    const entry = { name, grants, credential: certificate(dn) };
    return { entry, hashed: true };
  }
  const [, sha256] = /^\$sha256\$([0-9a-f]{64})$/.exec(credential) ?? [];
  const token = sha256 ?? hashToken(strongToken(credential));
  return {
    entry: { name, grants, credential: { kind: "token", sha256: token } },
    hashed: sha256 !== undefined,
  };
}

function certificate(dn: string): AmsUserEntry["credential"] {
  return { kind: "certificate", dn };
}

/** `RIGHT` or `RIGHT=PROJECT/NAME`. */
function parseGrant(text: string): AmsGrant {
  const [, word, where] = /^(\w+)(?:=([\w*?-]+\/[\w*?-]+))?$/.exec(text) ?? [];
  const right = AMS_RIGHTS.find((known) => known === word);
  if (right === undefined) {
    throw new SyntaxError(
      `a right is not ${AMS_RIGHTS.join(", ")}, alone or with =PROJECT/NAME`,
    );
  }
  return { right, where };
}

/** @throws {SyntaxError} for a token that could be guessed, or that no header can carry */
function strongToken(token: string): string {
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw new SyntaxError("a token has blanks, or letters beyond ASCII");
  }
  if (token.length < MIN_TOKEN_LENGTH) {
    throw new SyntaxError(
      `a token is shorter than ${MIN_TOKEN_LENGTH} characters: openssl rand -hex 32 makes one`,
    );
  }
  return token;
}

/**
 * Makes credentials of a users file: reads tokens from standard input, one a line,
 * and prints the hash of each.
 *
 * @throws {SsmError} `USAGE` for a token that could be guessed
 */
export async function hashTokens(terminal: Terminal): Promise<void> {
  const text = await new Response(Deno.stdin.readable).text();
  const hashes = text.replace(/\r?\n$/, "").split(/\r?\n/).map(
    (token, index) => {
      try {
        return `$sha256$${hashToken(strongToken(token))}`;
      } catch (error) {
        throw new SsmError(
          "USAGE",
          `Line ${index + 1} of standard input: ${reason(error)}`,
        );
      }
    },
  );
  for (const hash of hashes) terminal.out(hash);
}
