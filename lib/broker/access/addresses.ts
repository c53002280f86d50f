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

/**
 * What counts as one place that clients come from: an address of IPv4, or a
 * network of IPv6 (the first 64 bits), in which one machine has as many
 * addresses as it likes.
 */
export function addressGroup(remote: string): string {
  const host = hostOf(remote).replace(/%.*$/, "");
  if (!host.includes(":")) return host;
  const [head = "", tail] = host.toLowerCase().split("::");
  const groups = head.split(":").filter((group) => group !== "");
  if (tail !== undefined) {
    const rest = tail.split(":").filter((group) => group !== "");
    // The last 32 bits may be written as an address of IPv4.
    const length = rest.length + (tail.includes(".") ? 1 : 0);
    while (groups.length + length < 8) groups.push("0");
    groups.push(...rest);
  }
  const network = groups.slice(0, 4).map((group) =>
    group.replace(/^0+(?=.)/, "")
  );
  return `${network.join(":")}::/64`;
}
