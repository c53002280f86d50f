import assert from "node:assert/strict";
import {
  encodeFrame,
  type Frame,
  makeFrame,
  type StompVersion,
} from "../../../../lib/stomp/mod.ts";
import { decode, failure } from "./bytes.ts";
import { text } from "../../../kit/text.ts";

const EVERYTHING = "a\\b:c\nd\re\\n\\c\\r ü";

function header(value: string, version: StompVersion, command = "SEND") {
  return text(encodeFrame(makeFrame(command, { x: value }), version))
    .split("\n").find((line) => line.startsWith("x:"))?.slice(2);
}

function read(line: string, version: StompVersion, command = "SEND") {
  const [frame] = decode([`${command}\n${line}\n\n\0`], { version });
  return Object.fromEntries((frame as Frame).headers);
}

Deno.test("encodeFrame() escapes backslash, colon, LF and CR in 1.2", () => {
  assert.equal(
    header(EVERYTHING, "1.2"),
    "a\\\\b\\cc\\nd\\re\\\\n\\\\c\\\\r ü",
  );
});

Deno.test("encodeFrame() escapes backslash, colon and LF, but not CR, in 1.1", () => {
  assert.equal(header(EVERYTHING, "1.1"), "a\\\\b\\cc\\nd\re\\\\n\\\\c\\\\r ü");
});

Deno.test("encodeFrame() escapes nothing in 1.0", () => {
  assert.equal(header("a\\b:c\\n", "1.0"), "a\\b:c\\n");
});

for (const command of ["CONNECT", "STOMP", "CONNECTED"]) {
  Deno.test(`encodeFrame() escapes nothing in ${command}`, () => {
    for (const version of ["1.0", "1.1", "1.2"] as const) {
      assert.equal(header("a\\b:c\\n", version, command), "a\\b:c\\n");
    }
  });
  Deno.test(`FrameDecoder unescapes nothing in ${command}`, () => {
    for (const version of ["1.0", "1.1", "1.2"] as const) {
      assert.deepEqual(read("x:a\\b:c\\n", version, command), {
        x: "a\\b:c\\n",
      });
    }
  });
}

const INEXPRESSIBLE: readonly [string, string, string, StompVersion, string][] =
  [
    [
      "SEND",
      "x",
      "a\nb",
      "1.0",
      "a line feed in a value cannot be expressed in STOMP 1.0",
    ],
    [
      "SEND",
      "a\nb",
      "x",
      "1.0",
      "a line feed in a name cannot be expressed in STOMP 1.0",
    ],
    [
      "SEND",
      "a:b",
      "x",
      "1.0",
      "a colon in a name cannot be expressed in STOMP 1.0",
    ],
    [
      "CONNECT",
      "x",
      "a\nb",
      "1.2",
      "a line feed in a value cannot be expressed in a CONNECT or CONNECTED frame",
    ],
    [
      "CONNECT",
      "x",
      "a\r",
      "1.2",
      "a carriage return in a value cannot be expressed in a CONNECT or CONNECTED frame",
    ],
    [
      "CONNECT",
      "a:b",
      "x",
      "1.2",
      "a colon in a name cannot be expressed in a CONNECT or CONNECTED frame",
    ],
    [
      "SEND",
      "x",
      "a\0b",
      "1.2",
      "a NUL in a value cannot be expressed in STOMP 1.2",
    ],
    [
      "SEND",
      "x",
      "\ud800",
      "1.2",
      "a lone surrogate in a value cannot be expressed in STOMP 1.2",
    ],
  ];

for (const [command, name, value, version, why] of INEXPRESSIBLE) {
  Deno.test(`encodeFrame() refuses ${why}`, () => {
    assert.throws(
      () => encodeFrame(makeFrame(command, { [name]: value }), version),
      failure("STOMP_PROTOCOL", `Cannot write header: ${why}`),
    );
  });
}

Deno.test("FrameDecoder undoes what encodeFrame() did, in names and values", () => {
  const texts = {
    "1.2": EVERYTHING,
    "1.1": EVERYTHING,
    "1.0": "a\\b c\\n ü",
  };
  for (const [version, value] of Object.entries(texts)) {
    const frame = makeFrame("MESSAGE", { [value]: `${value}:` });
    const data = encodeFrame(frame, version as StompVersion);
    const [back] = decode([data], { version: version as StompVersion });
    assert.deepEqual([...back!.headers], [...frame.headers], version);
  }
});

Deno.test("FrameDecoder keeps an escaped backslash apart from the n after it", () => {
  assert.deepEqual(read("x:a\\\\n", "1.2"), { x: "a\\n" });
});

for (
  const [version, escape] of [
    ["1.2", "\\t"],
    ["1.2", "\\"],
    ["1.2", "\\C"],
    ["1.1", "\\r"],
    ["1.1", "\\t"],
  ] as const
) {
  Deno.test(`FrameDecoder rejects the undefined escape "${escape}" in ${version}`, () => {
    for (const line of [`x:a${escape}`, `a${escape}:x`]) {
      assert.throws(
        () => read(line, version),
        failure(
          "STOMP_PROTOCOL",
          `Cannot read header: STOMP ${version} does not define the escape "${escape}"`,
        ),
      );
    }
  });
}

Deno.test("FrameDecoder takes a bare colon in a value as it is", () => {
  for (const version of ["1.0", "1.1", "1.2"] as const) {
    assert.deepEqual(read("x:a:b::", version), { x: "a:b::" });
  }
});

Deno.test("FrameDecoder rejects a bare CR inside a line of 1.2", () => {
  assert.throws(
    () => read("x:a\rb", "1.2"),
    failure(
      "STOMP_PROTOCOL",
      "Cannot read header: it contains a bare carriage return",
    ),
  );
});
