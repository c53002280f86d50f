/**
 * What `node:http` says, in words that name the remedy.
 *
 * @module
 */
import { reason, SsmError, systemCode } from "../../errors.ts";
import { explainLoss } from "../explain.ts";

/** Why a call to `remote` has no answer. */
export function explainHttp(
  error: unknown,
  remote: string,
  certified: boolean,
): SsmError {
  const code = systemCode(error);
  // The codes of the parser, and what is said of a header that cannot be sent.
  if (code.startsWith("HPE_")) {
    return new SsmError(
      "HTTP_PROTOCOL",
      `Cannot read the answer of ${remote}: ${
        reason(error).replace(/^Parse Error: /, "")
      }`,
      { cause: error, hint: "Check that this is the port of an HTTPS server." },
    );
  }
  return explainLoss(error, remote, { peer: "server", certified });
}
