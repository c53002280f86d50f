/**
 * MIME: header blocks, multiparts, transfer encodings.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  decodeBase64,
  encodeBase64,
} from "../../../../lib/smime/mime/base64.ts";
import { ByteWriter } from "../../../../lib/smime/mime/byte_writer.ts";
import {
  contentTypeOf,
  parseEntity,
  transferEncodingOf,
} from "../../../../lib/smime/mime/entity.ts";
import { splitMultipart } from "../../../../lib/smime/mime/multipart.ts";
import { SmimeMessage } from "../../../../lib/smime/mod.ts";
import { readPayload } from "../../../../lib/smime/mime/payload_form.ts";
import {
  decodeQuotedPrintable,
  writeQuotedPrintable,
} from "../../../../lib/smime/mime/quoted_printable.ts";
import { outcome, valueOf } from "../outcome.ts";
import { sample, SEALED, SIGNED } from "../samples.ts";
import type { Target } from "../target.ts";

const MAX_HEADER_BYTES = 4096;
const encoder = new TextEncoder();

const MIME: Target = {
  name: "mime",
  samples: [
    ...[...SIGNED, ...SEALED].map((name) => sample(`${name}.eml`)),
    ...[
      'Content-Type: multipart/mixed; boundary="b"; x=y\n\n--b\nA: b\n c\n\nx' +
      "\n--b\n\ny\n--b--\n",
      `Content-Type: multipart/mixed; boundary=b\n${
        "\n--b\n\nx".repeat(7)
      }\n--b--`,
      "Content-Type: text/plain;\r\n charset=utf-8\r\n" +
      "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db =\r\n=C3=BC\r\n",
    ].map((text) => encoder.encode(text)),
  ],
  words: [
    ...["\n", "\r\n", "\n\n", "\n ", "--", "\n--b\n", "\n--b--", ":", ";", '"'],
    ...["Content-Type: ", "multipart/signed", "boundary=b", "base64", "\0"],
    ...[
      "Content-Transfer-Encoding: ",
      "quoted-printable",
      "=",
      "message/rfc822",
    ],
  ],
  check(input) {
    assert.equal(typeof new SmimeMessage(input).isEncrypted, "boolean");
    const codes = ["MIME", "LIMIT"] as const;
    const entity = valueOf(
      outcome(codes, () => parseEntity(input, MAX_HEADER_BYTES)),
    );
    if (!entity) return;
    assert.ok(entity.body.length <= input.length);
    outcome(codes, () => transferEncodingOf(entity));
    const payload = valueOf(outcome(codes, () => readPayload(entity, false)));
    assert.ok((payload?.length ?? 0) <= entity.body.length, "a payload grows");
    const type = valueOf(outcome(codes, () => contentTypeOf(entity)));
    const boundary = type?.parameters.get("boundary");
    if (boundary === undefined) return;
    const parts = valueOf(
      outcome(codes, () => splitMultipart(entity.body, boundary, 5)),
    );
    assert.ok((parts ?? []).length <= 5, "too many parts");
    let end = entity.body.byteOffset;
    for (const part of parts ?? []) {
      assert.ok(part.byteOffset > end, "parts overlap");
      end = part.byteOffset + part.length;
    }
    assert.ok(end < input.byteOffset + input.length + 1, "a part ends outside");
  },
};

const BASE64: Target = {
  name: "base64",
  samples: ["aGVsbG8=\n", "aGVsbG8h", "aA==", "AAAA\r\nBBBB\n CC\t==\n"]
    .map((text) => encoder.encode(text)),
  words: ["=", "==", "\n", "\r\n", " ", "A", "+/", "-_", "\0"],
  check(input) {
    const decoded = valueOf(outcome(["MIME"], () => decodeBase64(input)));
    assert.ok((decoded?.length ?? 0) <= input.length, "it grows");
    assert.deepEqual(decodeBase64(encodeBase64(input, 76)), input);
    if (!decoded) return;
    // One encoding for one content, white space aside: no room for messages.
    const text = new TextDecoder("latin1").decode(input);
    assert.equal(decoded.toBase64(), text.replace(/[ \t\r\n]/g, ""));
  },
};

const QUOTED_PRINTABLE: Target = {
  name: "quoted-printable",
  samples: ["a=3Db =\n=C3=BC\n", "x \t\r\n\ty=\r\n", "=00=0A=0d", "é=\n\n="]
    .map((text) => encoder.encode(text)),
  words: ["=", "=\n", "=\r\n", "=3D", "=zz", " \n", "\r", "\t", "application/"],
  check(input) {
    const decoded = valueOf(
      outcome(["MIME"], () => decodeQuotedPrintable(input)),
    );
    assert.ok((decoded?.length ?? 0) <= input.length, "it grows");
    const writer = new ByteWriter(input.length);
    writeQuotedPrintable(writer, input);
    const encoded = writer.bytes();
    assert.deepEqual(decodeQuotedPrintable(encoded), input);
    const lines = new TextDecoder("latin1").decode(encoded).split("\n");
    assert.ok(lines.every((line) => line.length <= 76), "a line is too long");
  },
};

export const MIME_TARGETS: readonly Target[] = [MIME, BASE64, QUOTED_PRINTABLE];
