import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import { isRevoked, parseCrl, readCrls } from "../../../../lib/pki/crl/crl.ts";
import * as der from "../../../../lib/asn1/write.ts";
import { encodePem } from "../../../../lib/asn1/pem.ts";
import { intrusions } from "../../../kit/pki/intrusions.ts";
import { serialKey } from "../../../../lib/pki/crl/revoked_serials.ts";
import {
  craftCrl,
  craftCrlEntry,
  craftExtension,
} from "../../../kit/pki/craft_certificate.ts";

const isCertificateError = (error: unknown) => isSsmError(error, "CERTIFICATE");
const hex = (text: string) => Uint8Array.fromHex(text);

Deno.test("readCrls() takes PEM with text and several blocks, or DER", () => {
  const one = craftCrl();
  const two = craftCrl({ entries: [craftCrlEntry(hex("05"))] });
  const pem = `text é\r\n${encodePem("X509 CRL", one)}${
    encodePem("CERTIFICATE", one)
  }${encodePem("X509 CRL", two)}`;
  const found = readCrls(new TextEncoder().encode(pem));
  assert.deepEqual(found.map(({ revoked }) => revoked.size), [0, 1]);
  assert.equal(readCrls(two).length, 1);
  for (const input of ["", "hello", encodePem("CERTIFICATE", one)]) {
    assert.throws(
      () => readCrls(new TextEncoder().encode(input)),
      isCertificateError,
    );
  }
});

Deno.test("parseCrl() reads dates, a missing one included", () => {
  const thisUpdate = new Date("2026-01-02T03:04:05Z");
  const nextUpdate = new Date("2055-01-02T03:04:05Z");
  const crl = parseCrl(craftCrl({ thisUpdate, nextUpdate }));
  assert.deepEqual(crl.thisUpdate, thisUpdate);
  assert.deepEqual(crl.nextUpdate, nextUpdate);
  const open = parseCrl(
    craftCrl({ nextUpdate: null, entries: [craftCrlEntry(hex("05"))] }),
  );
  assert.equal(open.nextUpdate, undefined);
  assert.equal(open.revoked.size, 1);
});

Deno.test("isRevoked() compares serial numbers as numbers", () => {
  const crl = parseCrl(craftCrl({
    entries: ["01", "7f", "0080", "00ff01", "05", "81"].map((serial) =>
      craftCrlEntry(hex(serial))
    ),
  }));
  for (const serial of ["01", "0001", "7f", "0080", "00ff01", "05", "81"]) {
    assert.equal(isRevoked(crl, hex(serial)), true, serial);
  }
  for (const serial of ["00", "02", "80", "ff01", "0081", "0100"]) {
    assert.equal(isRevoked(crl, hex(serial)), false, serial);
  }
});

Deno.test("serialKey() tells negative numbers from positive ones", () => {
  assert.equal(serialKey(hex("0080")), "80");
  assert.equal(serialKey(hex("80")), "-80");
  assert.equal(serialKey(hex("00")), "00");
  assert.equal(serialKey(hex("")), "");
});

Deno.test("parseCrl() reads a hundred thousand entries", () => {
  const reason = craftExtension(
    "2.5.29.21",
    der.element(0x0a, Uint8Array.of(1)),
  );
  const count = 100_000;
  const [probe] = [craftCrlEntry(new Uint8Array(8), [reason])];
  const entries = new Uint8Array(count * probe!.length);
  const at = probe!.findIndex((_, i) => probe![i] === 2 && probe![i + 1] === 8);
  for (let n = 0; n < count; n++) {
    entries.set(probe!, n * probe!.length);
    new DataView(entries.buffer).setUint32(
      n * probe!.length + at + 2,
      0x1000_0000 + n,
    );
  }
  const crl = parseCrl(craftCrl({ entries: [entries] }));
  assert.equal(crl.revoked.size, count);
  assert.equal(isRevoked(crl, hex("1000000500000000")), true);
  assert.equal(isRevoked(crl, hex("1f00000500000000")), false);
});

/** The same element with a length of two octets where one is enough. */
function overlong(element: Uint8Array): Uint8Array {
  return Uint8Array.of(element[0]!, 0x81, ...element.subarray(1));
}

const craftReason = (value: string) => craftExtension("2.5.29.21", hex(value));

Deno.test("parseCrl() refuses malformed entries", () => {
  const serial = der.integer(5);
  const date = der.time(new Date("2021-01-01T00:00:00Z"));
  const unknown = craftExtension("1.2.3", der.nullValue());
  for (
    const entry of [
      der.sequence(),
      der.sequence(serial),
      der.sequence(date, serial),
      der.setOf(serial, date),
      der.sequence(serial, date, der.nullValue()),
      der.sequence(serial, date, Uint8Array.of(0x30, 0x7f)),
      der.sequence(serial, date, der.sequence()),
      der.sequence(serial, date, der.sequence(unknown), der.nullValue()),
      der.sequence(
        serial,
        date,
        der.sequence(
          der.sequence(
            der.oid("1.2.3"),
            der.boolean(true),
            der.nullValue(),
            der.octetString(der.nullValue()),
          ),
        ),
      ),
      der.sequence(serial, date, der.sequence(craftReason("0a020801"))),
      der.sequence(serial, date, der.sequence(craftReason("0a00"))),
      der.sequence(der.element(2, new Uint8Array()), date),
      der.sequence(der.element(2, hex("0005")), date),
      der.sequence(der.element(2, hex("ff85")), date),
      ...[
        "",
        "210101000000",
        "2101010000Z",
        "211301000000Z",
        "210001000000Z",
        "210100000000Z",
        "210132000000Z",
        "210101240000Z",
        "210101006000Z",
        "21010100000aZ",
        "210101000000+0100",
        "20210101000000Z",
      ].map((text) =>
        der.sequence(serial, der.element(0x17, new TextEncoder().encode(text)))
      ),
      overlong(der.sequence(serial, date)),
      der.sequence(overlong(serial), date),
      der.sequence(serial, overlong(date)),
      Uint8Array.of(0x30, 0x80, 0, 0),
      Uint8Array.of(0x30, 0x85, 0, 0, 0, 0, 0),
      Uint8Array.of(0x30),
    ]
  ) {
    assert.throws(
      () => parseCrl(craftCrl({ entries: [entry] })),
      isCertificateError,
      entry.toHex(),
    );
  }
});

Deno.test("parseCrl() refuses a member too many, wherever it is", () => {
  const bytes = craftCrl({
    entries: [
      craftCrlEntry(hex("05"), [craftExtension("1.2.3", der.nullValue())]),
    ],
    extensions: [craftExtension("1.2.3", der.nullValue())],
  });
  parseCrl(bytes);
  let tried = 0;
  for (const { where, bytes: spoilt } of intrusions(bytes, () => true)) {
    tried++;
    assert.throws(() => parseCrl(spoilt), isCertificateError, where);
  }
  assert.ok(tried > 20);
});

Deno.test("parseCrl() refuses what RFC 5280 does not allow around the entries", () => {
  const unknown = craftExtension("1.2.3", der.nullValue());
  const scope = (...members: Uint8Array[]) =>
    craftExtension("2.5.29.28", der.sequence(...members), true);
  const flag = (n: number, value = "ff") => der.contextPrimitive(n, hex(value));
  const extended = (...extensions: Uint8Array[]) => craftCrl({ extensions });
  const cases: Record<string, Uint8Array> = {
    "version 1 with extensions": craftCrl({
      version: null,
      extensions: [unknown],
    }),
    "version 1 with an extension of an entry": craftCrl({
      version: null,
      entries: [craftCrlEntry(hex("05"), [unknown])],
    }),
    "an issuer without a name": craftCrl({ issuer: der.sequence() }),
    "a scope of nothing": extended(scope()),
    "a scope that contradicts itself": extended(scope(flag(1), flag(2))),
    "a scope in a wrong order": extended(scope(flag(4), flag(1))),
    "a scope with a member too many": extended(
      scope(flag(1), der.nullValue()),
    ),
    "a scope with two names": extended(
      scope(der.context(0, der.context(0), der.context(0))),
    ),
    "a truth that is not DER": extended(scope(flag(1, "01"))),
    "a delta indicator that is no number": extended(
      craftExtension("2.5.29.27", der.nullValue(), true),
    ),
    "a CRL number of no octets": extended(
      craftExtension("2.5.29.20", hex("0200")),
    ),
    "a key identifier with a member too many": extended(
      craftExtension("2.5.29.35", der.sequence(der.nullValue())),
    ),
  };
  for (const [what, crl] of Object.entries(cases)) {
    assert.throws(() => parseCrl(crl), isCertificateError, what);
  }
  const plain = craftCrl({
    version: null,
    entries: [craftCrlEntry(hex("05"))],
  });
  assert.equal(parseCrl(plain).revoked.size, 1);
});

Deno.test("parseCrl() refuses unknown versions and extensions given twice", () => {
  const bytes = craftCrl();
  // version INTEGER 1, the first element of the signed part
  const at = bytes.findIndex((_, i) =>
    bytes[i] === 2 && bytes[i + 1] === 1 && bytes[i + 2] === 1
  );
  assert.throws(() => parseCrl(bytes.with(at + 2, 2)), isCertificateError);
  const extension = craftExtension("1.2.3", der.nullValue());
  assert.throws(
    () => parseCrl(craftCrl({ extensions: [extension, extension] })),
    isCertificateError,
  );
});

Deno.test("parseCrl() fails in one way only, whatever octet is changed", () => {
  const bytes = craftCrl({
    entries: [
      craftCrlEntry(hex("05"), [craftExtension("1.2.3", der.nullValue())]),
      craftCrlEntry(hex("06")),
    ],
    extensions: [
      craftExtension(
        "2.5.29.28",
        der.sequence(der.contextPrimitive(1, hex("ff"))),
        true,
      ),
      craftExtension(
        "2.5.29.35",
        der.sequence(der.contextPrimitive(0, hex("0102"))),
      ),
    ],
  });
  let refused = 0;
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0x00, 0x80, 0xff, bytes[at]! ^ 1, bytes[at]! ^ 0x20]) {
      try {
        parseCrl(bytes.with(at, value));
      } catch (error) {
        assert.ok(isCertificateError(error), `octet ${at}: ${error}`);
        refused++;
      }
    }
  }
  assert.ok(refused > bytes.length);
});
