/**
 * Headers: whatever two readers could understand differently.
 *
 * @module
 */
import { bytes } from "../../../kit/text.ts";
import {
  changed,
  type Chapter,
  clear,
  ENTITY,
  READ,
  RECORD,
} from "../message.ts";

const SIGNATURE_PART = "\n--bb\nContent-Type: application";

export const HEADERS: Chapter = {
  title: "header tricks",
  messages: [
    {
      name: "a message that is not signed",
      error: `${READ}it is not signed`,
      make: () => bytes(ENTITY),
    },
    {
      name: "a record with no headers",
      error: `${READ}no blank line between headers and body`,
      make: () => bytes(RECORD),
    },
    changed(
      "two types, the first one harmless",
      `${READ}the header content-type is repeated`,
      [
        "MIME-Version: 1.0",
        "Content-Type: text/plain",
      ],
    ),
    changed("a type that is none", `${READ}the Content-Type is malformed`, [
      "multipart/signed",
      "multipart signed",
    ]),
    changed(
      "a comment in the type",
      `${READ}a Content-Type parameter is malformed`,
      ["multipart/signed;", "multipart/signed (x);"],
    ),
    changed(
      "two boundaries",
      `${READ}the Content-Type parameter boundary is repeated`,
      ['boundary="bb"', 'boundary="bb"; boundary="c"'],
    ),
    changed("a boundary in pieces", `${READ}the boundary is missing`, [
      'boundary="bb"',
      'boundary*0="b"',
    ]),
    changed("a boundary of nothing", `${READ}the boundary is malformed`, [
      'boundary="bb"',
      'boundary=""',
    ]),
    changed("a boundary of 71 characters", `${READ}the boundary is malformed`, [
      'boundary="bb"',
      `boundary="${"b".repeat(71)}"`,
    ]),
    changed(
      "a boundary that begins another line",
      `${READ}a line begins with the boundary and goes on`,
      [SIGNATURE_PART, `\n--bbc\n${SIGNATURE_PART.slice(1)}`],
    ),
    changed("a folded first line", `${READ}the first header is folded`, [
      "MIME-Version: 1.0",
      " MIME-Version: 1.0",
    ]),
    changed("a line that is no header", `${READ}a header line is malformed`, [
      "MIME-Version: 1.0",
      "MIME-Version",
    ]),
    changed("a NUL in a header", `${READ}a header line is malformed`, [
      "MIME-Version: 1.0",
      "MIME-Version: 1\0",
    ]),
    changed("a bare CR in a header", `${READ}a header line is malformed`, [
      "MIME-Version: 1.0",
      "MIME-Version: 1\rContent-Type: text/plain",
    ]),
    changed("another protocol", `${READ}its signature is not S/MIME`, [
      "multipart/signed;",
      'multipart/signed; protocol="application/pgp-signature";',
    ]),
    changed(
      "a signature of another type",
      `${READ}the second part is not a signature`,
      [
        "application/pkcs7-signature",
        "application/octet-stream",
      ],
    ),
    {
      name: "headers without end",
      error: `${READ}bytes of header: 200000, at most 65536 are allowed`,
      make: () => new Uint8Array(200_000).fill(0x41),
    },
    {
      name: "fifty thousand headers",
      error: `${READ}bytes of header: 250047, at most 65536 are allowed`,
      make: () =>
        bytes(
          `${
            "X: y\n".repeat(50_000)
          }Content-Type: multipart/signed; boundary=\"bb\"\n\n`,
        ),
    },
    {
      name: "signed text without headers",
      error: `${READ}the signed part has no Content-Type`,
      make: ({ honest }) => clear(honest, {}, "Site: HOSTILE\r\n\r\nmore"),
    },
    {
      // A million searches, were each of them a search.
      name: "a boundary repeated inside of lines",
      error: `${READ}the closing boundary is missing`,
      make: () =>
        bytes(
          'Content-Type: multipart/signed; boundary="bb"\n\n' +
            "x--bb".repeat(1_000_000),
        ),
    },
  ],
};
