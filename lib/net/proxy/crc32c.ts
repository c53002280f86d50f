/**
 * CRC-32C, the checksum of the PROXY protocol (RFC 3309, appendix B).
 *
 * @module
 */

/** The Castagnoli polynomial, lowest bit first. */
const POLYNOMIAL = 0x82f63b78;

/** The checksum of all parts, one after the other. */
export function crc32c(...parts: readonly Uint8Array[]): number {
  let crc = 0xffffffff;
  for (const part of parts) {
    for (const byte of part) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) {
        crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
      }
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
