/**
 * From where clients may come.
 *
 * @module
 */
import { glob } from "./glob.ts";

/** Patterns of addresses: `*` is anything, `?` any one character. */
export interface AddressPatterns {
  /** Who may connect. @default everybody */
  readonly allow?: readonly string[] | undefined;
  /** Who may not, even if allowed. @default nobody */
  readonly deny?: readonly string[] | undefined;
}

/** Judges addresses in the form `host:port`, with the host as it is seen by the system: a number, not a name. */
export function addressFilter(
  { allow = ["*"], deny = [] }: AddressPatterns,
): (remote: string) => boolean {
  const allowed = allow.map(glob);
  const denied = deny.map(glob);
  return (remote) => {
    const host = hostOf(remote);
    return allowed.some((matches) => matches(host)) &&
      !denied.some((matches) => matches(host));
  };
}

/** The address without port, brackets, and the mark of IPv4 on a port of IPv6. */
function hostOf(remote: string): string {
  return remote
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/^::ffff:(?=\d+\.)/i, "");
}
