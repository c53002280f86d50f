/**
 * The header by which a proxy says for which client it connects: the PROXY protocol of
 * HAProxy, versions 1 and 2 (https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt).
 *
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import { SsmError } from "../../errors.ts";
import { crc32c } from "./crc32c.ts";

/** Longest header of version 1, line end included, in bytes. */
const MAX_V1_BYTES = 107;
/** Most that may follow the fixed part of version 2, in bytes: addresses, and what else the proxy knows. */
const MAX_V2_BYTES = 4096;

const V1_START = new TextEncoder().encode("PROXY ");
const V2_START = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
);
/** Start, version and command, family, length. */
const V2_FIXED_BYTES = 16;
/** The type of the checksum among what follows the addresses. */
const CRC32C = 0x03;

/** The client for which the proxy connects. */
export interface ProxiedClient {
  /** An address of IPv4 or IPv6, in its shortest form. */
  readonly address: string;
  readonly port: number;
}

/** What the first bytes of a connection are. */
export type ProxyHeader =
  /** The beginning of a header, or of something else. */
  | { readonly status: "incomplete" }
  /** No such header. */
  | { readonly status: "absent" }
  | {
    readonly status: "complete";
    /** Bytes of the header; what follows is the client's. */
    readonly length: number;
    /** `undefined` when the proxy speaks for itself, or of no network address. */
    readonly client: ProxiedClient | undefined;
  };

/**
 * Reads the header at the start of a connection.
 *
 * @param bytes all that came so far
 * @throws {SsmError} `CONNECT` for a header that is malformed, `LIMIT` for one that is too long
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (startsAs(bytes, V1_START)) {
    return bytes.length < V1_START.length ? INCOMPLETE : readV1(bytes);
  }
  if (startsAs(bytes, V2_START)) {
    return bytes.length < V2_FIXED_BYTES ? INCOMPLETE : readV2(bytes);
  }
  return { status: "absent" };
}

const INCOMPLETE: ProxyHeader = { status: "incomplete" };

/** Whether both are the same as far as both go. */
function startsAs(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.subarray(0, bytes.length)
    .every((byte, index) => byte === bytes[index]);
}

/** A line of text: `PROXY TCP4 192.0.2.1 192.0.2.2 56324 61613`. */
function readV1(bytes: Uint8Array): ProxyHeader {
  const head = new TextDecoder("latin1").decode(
    bytes.subarray(0, MAX_V1_BYTES),
  );
  const end = head.indexOf("\r\n");
  if (end < 0) {
    if (bytes.length < MAX_V1_BYTES) return INCOMPLETE;
    throw tooLong(MAX_V1_BYTES);
  }
  return {
    status: "complete",
    length: end + 2,
    client: clientOf(head.slice(0, end)),
  };
}

function clientOf(line: string): ProxiedClient | undefined {
  // "UNKNOWN" may be followed by anything.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return undefined;
  const [, family, source = "", target = "", ...ports] =
    /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/.exec(line) ?? [];
  if (family === undefined) {
    throw malformed(
      "it is not PROXY TCP4 or TCP6, two addresses and two ports",
    );
  }
  const isAddress = family === "4" ? isIPv4 : isIPv6;
  for (const address of [source, target]) {
    // A zone of IPv6 means something on the machine of the proxy alone.
    if (!isAddress(address) || address.includes("%")) {
      throw malformed(`one of its addresses is not of TCP${family}`);
    }
  }
  const [port, targetPort] = ports.map(readPort);
  if (port === undefined || targetPort === undefined) {
    throw malformed("one of its ports is none");
  }
  return { address: family === "4" ? source : shortest(source), port };
}

function readPort(text: string): number | undefined {
  const port = Number(text);
  return String(port) === text && port <= 0xffff ? port : undefined;
}

/** In binary: addresses of a fixed size, then type, length and value of what else the proxy tells. */
function readV2(bytes: Uint8Array): ProxyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [kind, family] = [view.getUint8(12), view.getUint8(13)];
  const following = view.getUint16(14);
  if (kind >> 4 !== 2) throw malformed(`its version is ${kind >> 4}`);
  const command = kind & 0x0f;
  if (command > 1) throw malformed(`its command is ${command}`);
  if (following > MAX_V2_BYTES) throw tooLong(MAX_V2_BYTES);
  const length = V2_FIXED_BYTES + following;
  if (bytes.length < length) return INCOMPLETE;
  const header = bytes.subarray(0, length);
  // The proxy only checks that we are alive; the rest must be ignored.
  if (command === 0) return { status: "complete", length, client: undefined };
  const addressBytes = V2_ADDRESS_BYTES.get(family);
  if (addressBytes === undefined) {
    throw malformed(`it is not of a TCP connection, but of kind ${family}`);
  }
  if (following < addressBytes) throw malformed("its addresses are cut off");
  checkRest(header, V2_FIXED_BYTES + addressBytes);
  return { status: "complete", length, client: v2Client(view, family) };
}

/** Bytes of addresses, by address family and transport: none, TCP over IPv4 or IPv6, a Unix socket. */
const V2_ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
  [0x31, 216],
]);

function v2Client(view: DataView, family: number): ProxiedClient | undefined {
  if (family === 0x11) {
    const address = [16, 17, 18, 19].map((at) => view.getUint8(at)).join(".");
    return { address, port: view.getUint16(24) };
  }
  if (family === 0x21) {
    const groups = Array.from(
      { length: 8 },
      (_, n) => view.getUint16(16 + 2 * n).toString(16),
    );
    return { address: shortest(groups.join(":")), port: view.getUint16(48) };
  }
  return undefined;
}

/** Looks whether the rest is well-formed, and the checksum right if there is one. */
function checkRest(header: Uint8Array, start: number): void {
  for (let at = start; at < header.length;) {
    const value = at + 3;
    const length = (header[at + 1] ?? 0) << 8 | (header[at + 2] ?? 0);
    if (value + length > header.length) throw malformed("its end is cut off");
    if (header[at] === CRC32C) checkCrc(header, value, length);
    at = value + length;
  }
}

function checkCrc(header: Uint8Array, at: number, length: number): void {
  const { buffer, byteOffset, byteLength } = header;
  const crc = crc32c(
    header.subarray(0, at),
    new Uint8Array(4),
    header.subarray(at + 4),
  );
  const view = new DataView(buffer, byteOffset, byteLength);
  if (length !== 4 || view.getUint32(at) !== crc) {
    throw malformed("its checksum is wrong");
  }
}

/** The shortest form of an address of IPv6; one of IPv4 that is written as such becomes that again. */
function shortest(address: string): string {
  const host = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host) ??
    [];
  if (high === undefined || low === undefined) return host;
  return [high, low].map((group) => parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff]).join(".");
}

function malformed(why: string): SsmError {
  return new SsmError(
    "CONNECT",
    `Cannot read the PROXY protocol header: ${why}`,
  );
}

function tooLong(bytes: number): SsmError {
  return new SsmError(
    "LIMIT",
    `Cannot read the PROXY protocol header: it is longer than ${bytes} bytes`,
  );
}
