import assert from "node:assert/strict";
import {
  encodeFrame,
  encodeFrameParts,
  makeFrame,
} from "../../../../lib/stomp/mod.ts";
import { failure } from "./bytes.ts";
import { bytes, text } from "../../../kit/text.ts";

Deno.test("encodeFrame() writes command, headers in order, content-length, body and NUL", () => {
  const frame = makeFrame(
    "SEND",
    { destination: "/queue/a", b: "2" },
    bytes("x\0y"),
  );
  assert.equal(
    text(encodeFrame(frame, "1.2")),
    "SEND\ndestination:/queue/a\nb:2\ncontent-length:3\n\nx\0y\0",
  );
});

Deno.test("encodeFrame() writes content-length on an empty SEND, not on other empty frames", () => {
  assert.equal(
    text(encodeFrame(makeFrame("SEND"), "1.0")),
    "SEND\ncontent-length:0\n\n\0",
  );
  assert.equal(text(encodeFrame(makeFrame("ERROR"), "1.0")), "ERROR\n\n\0");
});

Deno.test("encodeFrame() writes the true content-length whatever the headers say", () => {
  const frame = makeFrame("MESSAGE", { "content-length": "99" }, bytes("ü"));
  assert.equal(
    text(encodeFrame(frame, "1.1")),
    "MESSAGE\ncontent-length:2\n\nü\0",
  );
});

Deno.test("encodeFrame() writes a line end after NUL where that is wanted", () => {
  for (const body of ["", "x"]) {
    const frame = makeFrame("MESSAGE", {}, bytes(body));
    const options = { trailingEol: true };
    const written = text(encodeFrame(frame, "1.2", options));
    assert.ok(written.endsWith(`\n\n${body}\0\n`), written);
    const parts = encodeFrameParts(frame, "1.2", options);
    assert.equal(parts.map(text).join(""), written);
  }
});

Deno.test("encodeFrameParts() hands out the frame's own body, not a copy", () => {
  const body = bytes("body");
  const parts = encodeFrameParts(makeFrame("SEND", {}, body), "1.2");
  assert.equal(parts[1], body);
  assert.equal(parts.map(text).join(""), "SEND\ncontent-length:4\n\nbody\0");
});

Deno.test("encodeFrame() refuses a body on a command that must not have one", () => {
  for (const version of ["1.0", "1.1", "1.2"] as const) {
    assert.throws(
      () => encodeFrame(makeFrame("RECEIPT", {}, bytes("x")), version),
      failure(
        "STOMP_PROTOCOL",
        "Cannot write RECEIPT frame: it must not have a body",
      ),
    );
  }
});

Deno.test("encodeFrame() refuses what is not a command", () => {
  for (const command of ["", "send", "SEND\nx:y", "A".repeat(33)]) {
    assert.throws(
      () => encodeFrame(makeFrame(command), "1.2"),
      failure("STOMP_PROTOCOL", /is not a command$/),
    );
  }
});

Deno.test("encodeFrame() refuses a header without a name", () => {
  assert.throws(
    () => encodeFrame(makeFrame("SEND", { "": "x" }), "1.2"),
    failure("STOMP_PROTOCOL", "Cannot write SEND frame: a header has no name"),
  );
});

Deno.test("makeFrame() leaves out headers that are undefined", () => {
  const { headers } = makeFrame("SEND", { a: "1", b: undefined });
  assert.deepEqual([...headers], [["a", "1"]]);
});
