/**
 * The CA directory of a command.
 *
 * @module
 */
import { reason } from "../errors.ts";
import { TrustStore } from "../pki/mod.ts";

/**
 * Opens a CA directory; `warn` is told of each file in it that cannot be used.
 *
 * @throws {SsmError} `TRUST` when there is nothing in it to trust.
 */
export function openTrustStore(
  capath: string,
  warn: (words: string) => void,
): TrustStore {
  const trust = new TrustStore(capath, {
    onBadFile: (_path, error) => warn(reason(error)),
  });
  trust.assertUsable();
  return trust;
}
