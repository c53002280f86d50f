/**
 * The form in which a payload travels inside a signed message, and the way back.
 *
 * Any bytes arrive as they left. A receiver of the Python generation reads the
 * first two forms: it trims the text form, and decodes the quoted-printable one
 * byte for byte when it is UTF-8.
 *
 * @module
 */
import { isUtf8 } from "node:buffer";
import { SsmError } from "../../errors.ts";
import { base64Length, decodeBase64, writeBase64 } from "./base64.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { findText } from "./find_text.ts";
import { toLf } from "./line_ends.ts";
import {
  contentTypeOf,
  type Entity,
  mimeError,
  transferEncodingOf,
} from "./entity.ts";
import {
  decodeQuotedPrintable,
  writeQuotedPrintable,
} from "./quoted_printable.ts";

/**
 * - `text`: as `openssl smime -text` writes it; printable ASCII, tabs and LF.
 * - `quoted-printable`: any UTF-8 text.
 * - `base64`: any bytes; unreadable for a Python receiver.
 */
export type PayloadForm = "text" | "quoted-printable" | "base64";

const TAB = 0x09;
const LF = 0x0a;
const SPACE = 0x20;
const DEL = 0x7f;
/** MIME's own limit (RFC 2045 §6.8), and what mail programs expect. */
const BASE64_COLUMNS = 76;

/** A Python receiver takes a message with one of these anywhere in it for an encrypted one. */
const ENCRYPTED_MARKS = ["application/pkcs7-mime", "application/x-pkcs7-mime"];

/**
 * The form for `payload`: `text` for printable ASCII that ends with no white
 * space, `base64` for what contains NUL or is no UTF-8, else `quoted-printable`.
 */
export function choosePayloadForm(payload: Uint8Array): PayloadForm {
  if (isPlainText(payload)) {
    const last = payload.at(-1);
    const trimmed = last !== undefined && last > SPACE;
    return trimmed && !mentionsEncryption(payload)
      ? "text"
      : "quoted-printable";
  }
  return payload.includes(0) || !isUtf8(payload)
    ? "base64"
    : "quoted-printable";
}

/**
 * Writes the part that gets signed: headers, blank line, payload, with LF line ends.
 *
 * @throws {SsmError} `UNSENDABLE` when the form `text` is wanted for other bytes.
 */
export function writePayload(
  writer: ByteWriter,
  payload: Uint8Array,
  form: PayloadForm,
): void {
  switch (form) {
    case "text":
      if (!isPlainText(payload)) {
        throw new SsmError(
          "UNSENDABLE",
          "Cannot sign message as text: it has other bytes than printable ASCII",
        );
      }
      writer.write("Content-Type: text/plain\n\n");
      writer.write(payload);
      break;
    case "quoted-printable":
      writer.write(
        "Content-Type: text/plain; charset=utf-8\n" +
          "Content-Transfer-Encoding: quoted-printable\n\n",
      );
      writeQuotedPrintable(writer, payload);
      break;
    case "base64":
      writer.write(
        "Content-Type: application/octet-stream\n" +
          "Content-Transfer-Encoding: base64\n\n",
      );
      writeBase64(writer, payload, BASE64_COLUMNS);
  }
}

/** About how many bytes {@linkcode writePayload} will write. */
export function estimatePayloadLength(
  payload: Uint8Array,
  form: PayloadForm,
): number {
  const headers = 128;
  switch (form) {
    case "text":
      return headers + payload.length;
    case "quoted-printable":
      return headers + Math.ceil(payload.length * 1.2);
    case "base64":
      return headers + base64Length(payload.length, BASE64_COLUMNS);
  }
}

/**
 * The payload of a signed entity. Text gets LF line ends, as text files have
 * them; encoded content is delivered as decoded, and so is other content if
 * `exact`, that is, if the signature covers these very bytes.
 *
 * @throws {SsmError} `MIME` when the entity is malformed or holds something else than one payload.
 */
export function readPayload(entity: Entity, exact: boolean): Uint8Array {
  const contentType = contentTypeOf(entity);
  const encoding = transferEncodingOf(entity);
  // Text without headers may look like headers up to its first blank line:
  // it must not be taken for them and lost.
  if (!contentType && !entity.headers.has("content-transfer-encoding")) {
    throw mimeError("the signed part has no Content-Type");
  }
  const type = contentType?.type ?? "text/plain";
  if (/^(?:multipart\/|message\/|application\/(?:x-)?pkcs7-)/.test(type)) {
    throw mimeError(`the signed part is ${type} instead of a payload`);
  }
  switch (encoding) {
    case "quoted-printable":
      return decodeQuotedPrintable(entity.body);
    case "base64":
      return decodeBase64(entity.body);
    default:
      return exact && !type.startsWith("text/")
        ? entity.body
        : toLf(entity.body);
  }
}

function isPlainText(payload: Uint8Array): boolean {
  // Not every(): a callback per byte costs more than the signature.
  for (let i = 0; i < payload.length; i++) {
    const byte = payload[i]!;
    if ((byte < SPACE || byte >= DEL) && byte !== LF && byte !== TAB) {
      return false;
    }
  }
  return true;
}

function mentionsEncryption(payload: Uint8Array): boolean {
  return ENCRYPTED_MARKS.some((mark) => findText(payload, mark) >= 0);
}
