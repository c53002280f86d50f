import assert from "node:assert/strict";
import { isSsmError } from "../../lib/errors.ts";
import { decodePem, encodePem } from "../../lib/asn1/pem.ts";

const isPemError = (error: unknown) => isSsmError(error, "CERTIFICATE");

Deno.test("decodePem() reads what encodePem() writes", () => {
  for (const length of [0, 1, 47, 48, 49, 1000]) {
    const bytes = new Uint8Array(length).map((_, at) => at);
    const [block] = decodePem(encodePem("CERTIFICATE", bytes));
    assert.equal(block?.label, "CERTIFICATE");
    assert.deepEqual(block.bytes, bytes);
  }
});

Deno.test("encodePem() writes lines of 64 characters", () => {
  const lines = encodePem("X509 CRL", new Uint8Array(100)).split("\n");
  assert.equal(lines[0], "-----BEGIN X509 CRL-----");
  assert.deepEqual(lines.slice(1, -2).map(({ length }) => length), [64, 64, 8]);
});

Deno.test("decodePem() skips text around blocks and accepts CRLF and padding", () => {
  const text = [
    "Bag Attributes",
    "    friendlyName: host",
    "-----BEGIN A-----  ",
    "  AQID ",
    "-----END A-----",
    "between",
    "-----BEGIN RSA PRIVATE KEY-----",
    "BAUG",
    "-----END RSA PRIVATE KEY-----",
  ].join("\r\n");
  assert.deepEqual(
    decodePem(text).map(({ label, bytes }) => [label, [...bytes]]),
    [["A", [1, 2, 3]], ["RSA PRIVATE KEY", [4, 5, 6]]],
  );
});

Deno.test("decodePem() separates encryption headers from the base64 lines", () => {
  const [block] = decodePem(
    "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAQID\n-----END X-----\n",
  );
  assert.equal(block?.headers.get("Proc-Type"), "4,ENCRYPTED");
  assert.equal(block?.headers.get("DEK-Info"), "AES-256-CBC,00");
  assert.deepEqual(block?.bytes, Uint8Array.of(1, 2, 3));
});

Deno.test("decodePem() refuses damaged blocks without repeating them", () => {
  for (
    const text of [
      "-----BEGIN A-----\nAQID\n",
      "-----BEGIN A-----\nAQID\n-----END B-----\n",
      "-----BEGIN A-----\nAQID\n-----BEGIN A-----\nAQID\n-----END A-----\n",
      "-----BEGIN A-----\nAQ*D\n-----END A-----\n",
      "-----BEGIN A-----\nA\n-----END A-----\n",
      "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nAQID\n-----END A-----\n",
    ]
  ) {
    assert.throws(
      () => decodePem(text),
      (error) => isPemError(error) && !(error as Error).message.includes("AQ"),
      text,
    );
  }
});

Deno.test("decodePem() finds nothing in other text", () => {
  assert.deepEqual(decodePem(""), []);
  assert.deepEqual(decodePem("-----END A-----\n----BEGIN A-----\n"), []);
});
