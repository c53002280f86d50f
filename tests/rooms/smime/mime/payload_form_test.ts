import assert from "node:assert/strict";
import { choosePayloadForm } from "../../../../lib/smime/mod.ts";
import { bytes } from "../../../kit/text.ts";

Deno.test("choosePayloadForm() keeps the text form for trimmed printable ASCII", () => {
  for (
    const text of ["x", "a\nb", "a\tb \n c", "\n\nx", " x", "-".repeat(5000)]
  ) {
    assert.equal(choosePayloadForm(bytes(text)), "text", text);
  }
});

Deno.test("choosePayloadForm() takes quoted-printable for any other text", () => {
  const texts = [
    "",
    "a\n",
    "a ",
    "\n",
    "a\r\nb",
    "é",
    "\u2028",
    "\x7f",
    "\x1b[0m",
    "an application/pkcs7-mime part",
    "application/x-pkcs7-mime",
  ];
  for (const text of texts) {
    assert.equal(choosePayloadForm(bytes(text)), "quoted-printable", text);
  }
});

Deno.test("choosePayloadForm() takes base64 for what is no text", () => {
  const payloads = [[0], [0x61, 0, 0x62], [0xff], [0xc3], [0xc3, 0x28], [
    0xed,
    0xa0,
    0x80,
  ], [0x1f, 0x8b, 0x08]];
  for (const payload of payloads) {
    assert.equal(choosePayloadForm(new Uint8Array(payload)), "base64");
  }
});
