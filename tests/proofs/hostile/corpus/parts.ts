/**
 * Parts: whatever is beside, before, behind or inside of what is signed.
 *
 * @module
 */
import { bytes } from "../../../kit/text.ts";
import {
  changed,
  type Chapter,
  clear,
  inside,
  latin1,
  READ,
} from "../message.ts";

const PART = "--bb\nContent-Type: text/plain\n\nsmuggled\n";
const SIGNATURE_PART = "\n--bb\nContent-Type: application";

export const PARTS: Chapter = {
  title: "extra parts and nested multiparts",
  messages: [
    changed("a part before", `${READ}there are more than 2 parts`, [
      "--bb\nContent",
      `${PART}--bb\nContent`,
    ]),
    changed("a part between", `${READ}there are more than 2 parts`, [
      SIGNATURE_PART,
      `\n${PART}--bb\nContent-Type: application`,
    ]),
    changed("a part after", `${READ}there are more than 2 parts`, [
      "\n--bb--",
      `\n${PART}\n--bb--`,
    ]),
    changed(
      "a part after the end",
      `${READ}a delimiter follows the closing one`,
      [
        "\n--bb--\n",
        `\n--bb--\n${PART}--bb--\n`,
      ],
    ),
    changed("text after the end, which is nobody's", undefined, [
      "\n--bb--\n",
      "\n--bb--\nsmuggled\n",
    ]),
    changed("text before the first part", undefined, [
      "\n--bb\nContent-Type: text",
      "\nThis is a signed message\n--bb\nContent-Type: text",
    ]),
    changed("one part", `${READ}there are not two parts`, [
      SIGNATURE_PART,
      "\nContent-Type: application",
    ]),
    changed("no end", `${READ}the closing boundary is missing`, [
      "\n--bb--\n",
      "\n",
    ]),
    {
      name: "a multipart as the signed part",
      error: `${READ}the signed part is multipart/mixed instead of a payload`,
      make: ({ honest }) =>
        clear(
          honest,
          {},
          "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--",
        ),
    },
    {
      name: "a mail as the signed part",
      error: `${READ}the signed part is message/rfc822 instead of a payload`,
      make: ({ honest }) =>
        clear(
          honest,
          {},
          "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx",
        ),
    },
    {
      name: "a signed message as the signed part",
      error: `${READ}the signed part is multipart/signed instead of a payload`,
      make: async ({ honest }) =>
        inside(
          honest,
          {},
          latin1(await clear(honest)).replaceAll("\n", "\r\n"),
        ),
    },
    {
      name: "an envelope as the signed part",
      error:
        `${READ}the signed part is application/pkcs7-mime instead of a payload`,
      make: ({ honest }) =>
        clear(honest, {}, "Content-Type: application/pkcs7-mime\r\n\r\nx"),
    },
    {
      name: "a signed message inside of a multipart",
      error: `${READ}it is not signed`,
      make: async ({ honest }) =>
        bytes(
          "Content-Type: multipart/mixed; boundary=c\n\n--c\n" +
            `${latin1(await clear(honest))}\n--c--\n`,
        ),
    },
    {
      name: "a signed message below a text of the same mail",
      error: `${READ}it is not signed`,
      make: async ({ honest }) =>
        bytes(`Content-Type: text/plain\n\n${latin1(await clear(honest))}`),
    },
  ],
};
