/**
 * Packed files of SSM1: bombs, and data that is none. All are of a listed
 * signer, in an envelope: nobody else gets anything unpacked.
 *
 * @module
 */
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { encryptMessage } from "../../../../lib/smime/mod.ts";
import {
  type Chapter,
  clear,
  type HostileMessage,
  RECORD,
} from "../message.ts";
import { bytes } from "../../../kit/text.ts";
import type { HostileSite } from "../site.ts";

/** What a file may have, unpacked. */
export const MAX_UNPACKED = 1 << 20;

const UNPACK = "Failed to unpack message: Cannot unpack message: ";
const TOO_LARGE = `${UNPACK}it is larger than ${MAX_UNPACKED} bytes`;
const BASE64 = "Failed to unpack message: Cannot decode base64: ";

/** 128 MiB of zeros in 128 KiB. */
const BOMB = deflateSync(new Uint8Array(128 << 20));

async function sealed(
  { honest, receiver }: HostileSite,
  text: string,
): Promise<Uint8Array> {
  const entity = `Content-Type: text/plain\r\n\r\n${text}`;
  return await encryptMessage(
    await clear(honest, {}, entity),
    receiver.certificate,
  );
}

function packed(
  name: string,
  error: HostileMessage["error"],
  data: Uint8Array,
): HostileMessage {
  return {
    name,
    ...error === undefined ? {} : { error },
    make: (site) => sealed(site, data.toBase64()),
  };
}

const HONEST = deflateSync(bytes(RECORD));

export const PACKED: Chapter = {
  title: "packed files",
  messages: [
    packed("an honest file", undefined, HONEST),
    packed("a bomb", TOO_LARGE, BOMB),
    packed(
      "a file of one byte too much",
      TOO_LARGE,
      deflateSync(new Uint8Array(MAX_UNPACKED + 1)),
    ),
    packed(
      "a file that is cut off",
      `${UNPACK}unexpected end of file`,
      HONEST.subarray(0, -6),
    ),
    packed(
      "a file with a wrong sum",
      `${UNPACK}incorrect data check`,
      HONEST.with(HONEST.length - 1, HONEST.at(-1)! ^ 1),
    ),
    packed(
      "a file that needs a dictionary",
      /^Failed to unpack message: Cannot unpack message: /,
      new Uint8Array([0x78, 0xbb, 0, 0, 0, 1, ...HONEST.subarray(2)]),
    ),
    packed(
      "a file without its frame",
      /^Failed to unpack message: Cannot unpack message: /,
      deflateRawSync(bytes(RECORD)),
    ),
    packed(
      "a file in the frame of another program",
      `${UNPACK}incorrect header check`,
      gzipSync(bytes(RECORD)),
    ),
    packed("no file", /^Failed to unpack message: /, new Uint8Array()),
    {
      name: "a record that is not packed",
      error: `${BASE64}a byte is not base64`,
      make: (site) => sealed(site, RECORD.replaceAll("\n", "\r\n")),
    },
    {
      name: "a file with digits behind its padding",
      error: `${BASE64}digits follow the padding`,
      make: (site) => sealed(site, `${HONEST.toBase64()}==AAAA`),
    },
    {
      name: "a file that is signed and not encrypted",
      error: "Failed to decrypt message: it is not encrypted",
      make: ({ honest }) =>
        clear(
          honest,
          {},
          `Content-Type: text/plain\r\n\r\n${HONEST.toBase64()}`,
        ),
    },
  ],
};
