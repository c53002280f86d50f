/**
 * Text of a server, as it may be shown: without secrets, on one line, cut.
 *
 * @module
 */
import { quoted } from "../../errors.ts";

/** Most characters that are shown of what a server says. */
const MAX_CHARS = 300;

/** `key=…` of a URL, `"token": "…"`, `x-api-key: …`; error texts of the authentication service hold such. */
const SECRETS =
  /((?:x-api-key|api_key|access_token|key|token|password|authorization)["']?\s*[=:]\s*["']?)(?:basic |bearer )?[^\s"'&,;<>(){}]+/gi;

/**
 * Between quotation marks, with controls escaped.
 *
 * @param secrets what must not be shown wherever it stands
 */
export function shown(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) {
    if (secret !== "") safe = safe.replaceAll(secret, "***");
  }
  safe = safe.replace(SECRETS, "$1***").replace(/\s+/g, " ").trim();
  return quoted(
    safe.length > MAX_CHARS ? `${safe.slice(0, MAX_CHARS)}…` : safe,
  );
}
