/**
 * IP addresses as text.
 *
 * Source: RFC 4291 §2.2, RFC 4007 §11 (zones).
 *
 * @module
 */

/** The 4 or 16 octets of an address; `undefined` if the text is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  return parseVersion4(text) ?? parseVersion6(text.replace(/%.+$/, ""));
}

function parseVersion4(text: string): Uint8Array | undefined {
  const octets = text.split(".");
  const valid = octets.length === 4 &&
    octets.every((octet) =>
      /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256
    );
  return valid ? Uint8Array.from(octets, Number) : undefined;
}

function parseVersion6(text: string): Uint8Array | undefined {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const start = parseGroups(head, tail === undefined);
  const end = parseGroups(tail ?? "", true);
  if (!start || !end) return undefined;
  const missing = 16 - start.length - end.length;
  // "::" stands for at least one group of zeros.
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...start, ...new Array(missing).fill(0), ...end]);
}

/** The octets of groups with colons between; the last may be written as in IPv4. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const octets: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      octets.push(value >> 8, value & 0xff);
      continue;
    }
    const embedded = isLast && index === groups.length - 1
      ? parseVersion4(group)
      : undefined;
    if (!embedded) return undefined;
    octets.push(...embedded);
  }
  return octets;
}
