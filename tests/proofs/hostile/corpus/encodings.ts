/**
 * Encodings: quoted-printable and base64 that are neither, or both.
 *
 * @module
 */
import { changed, type Chapter, clear, READ, RECORD } from "../message.ts";

const BASE64 = "Content-Transfer-Encoding: base64";

const TEXT = "Content-Type: text/plain\r\nContent-Transfer-Encoding: ";

export const ENCODINGS: Chapter = {
  title: "quoted-printable and base64",
  messages: [
    {
      name: "a quoted-printable record",
      make: ({ honest }) =>
        clear(
          honest,
          {},
          `${TEXT}quoted-printable\r\n\r\n` +
            RECORD.replaceAll(":", "=3a").replaceAll("\n", " \t\r\n") + "=",
        ),
    },
    {
      name: "a base64 record",
      make: ({ honest }) =>
        clear(honest, {}, `${TEXT}base64\r\n\r\n${btoa(RECORD)}`),
    },
    ...[
      [
        "an escape that is none",
        "quoted-printable",
        "a=zz",
        'quoted-printable: "=" begins no escape',
      ],
      [
        "an escape that is cut off",
        "quoted-printable",
        "a=3",
        'quoted-printable: "=" begins no escape',
      ],
      [
        "a byte that is not base64",
        "base64",
        "AA*A",
        "base64: a byte is not base64",
      ],
      [
        "digits behind the padding",
        "base64",
        "AA==AAAA",
        "base64: digits follow the padding",
      ],
      [
        "padding of nothing",
        "base64",
        "AAAA=",
        "base64: it is truncated or wrongly padded",
      ],
      [
        "bits that belong to no byte",
        "base64",
        "AB==",
        "base64: its last digit has unused bits",
      ],
      [
        "a group that is cut off",
        "base64",
        "AAAAA",
        "base64: it is truncated or wrongly padded",
      ],
    ].map(([name, encoding, body, words]) => ({
      name: name!,
      error: `Failed to verify message: Cannot decode ${words}`,
      make: ({ honest }: { honest: Parameters<typeof clear>[0] }) =>
        clear(honest, {}, `${TEXT}${encoding}\r\n\r\n${body}`),
    })),
    {
      name: "an unknown encoding of the signed part",
      error: `${READ}the Content-Transfer-Encoding is unknown`,
      make: ({ honest }) => clear(honest, {}, `${TEXT}x-uuencode\r\n\r\nx`),
    },
    changed(
      "an encoding of the whole",
      `${READ}the signed message as a whole is encoded`,
      [
        "MIME-Version: 1.0",
        "Content-Transfer-Encoding: quoted-printable",
      ],
    ),
    changed(
      "two encodings",
      `${READ}the header content-transfer-encoding is repeated`,
      [
        BASE64,
        `${BASE64}\nContent-Transfer-Encoding: 7bit`,
      ],
    ),
    changed(
      "a signature in quoted-printable",
      /^Failed to verify message: Cannot read ASN\.1 data: /,
      [BASE64, "Content-Transfer-Encoding: quoted-printable"],
    ),
    changed(
      "a signature with junk in it",
      "Failed to verify message: Cannot decode base64: a byte is not base64",
      [
        "base64\n\nMII",
        "base64\n\nMI!",
      ],
    ),
  ],
};
