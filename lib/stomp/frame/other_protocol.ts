/**
 * What a peer speaks that does not speak STOMP.
 *
 * @module
 */

/** `, it speaks TLS` or the like, if these first bytes tell; otherwise nothing. */
export function otherProtocol(start: Uint8Array): string {
  // The record types alert and handshake, then the major version (RFC 8446 §5.1).
  if ((start[0] === 0x15 || start[0] === 0x16) && start[1] === 0x03) {
    return ", it speaks TLS";
  }
  const text = new TextDecoder("latin1").decode(start);
  if (/^(HTTP\/|[A-Z]+ \/)/.test(text)) return ", it speaks HTTP";
  if (text.startsWith("AMQP")) return ", it speaks AMQP";
  // Version 2 begins with line ends, which have been taken for heart-beats.
  if (text.startsWith("PROXY ") || text.startsWith("\0\r\nQUIT\n")) {
    return ", it sends a PROXY protocol header: say --proxy-protocol";
  }
  return "";
}
