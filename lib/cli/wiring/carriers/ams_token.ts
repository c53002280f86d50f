/**
 * The token by which the ARGO Messaging Service knows a user.
 *
 * @module
 */
import { type AmsConfig, word } from "../../../config/mod.ts";
import { LiveSecret } from "../../../credentials/mod.ts";
import { quoted, SsmError } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import { readPassword } from "../../command/text_file.ts";

/**
 * What tells the token in force; `undefined` when the host certificate is shown
 * in its place.
 *
 * @throws {SsmError} `CONFIG` when the file with the token is of no use.
 */
export function tokenOf(
  { user }: AmsConfig,
  log: Logger,
): (() => string) | undefined {
  switch (user.from) {
    case "configuration":
      return () => user.token;
    case "file": {
      const secret = LiveSecret.open(user.path, {
        log,
        read: () => readToken(user.path, log),
      });
      return () => secret.current();
    }
    case "certificate":
      return undefined;
  }
}

function readToken(path: string, log: Logger): string {
  const line = readPassword({
    path,
    what: "Token file",
    danger: "they can use the messaging service as this host",
    key: "token_file",
  }, (words) => log.warning(words));
  const token = word.parse(line.trim()) ?? "";
  if (token === "") {
    throw new SsmError(
      "CONFIG",
      `Cannot use token_file ${quoted(path)}: its first line is no token`,
    );
  }
  return token;
}
