import assert from "node:assert/strict";
import { type AmsMessage, storedSize } from "../../../lib/ams/mod.ts";

/** What the service stores: `json.MarshalIndent` of Go, which escapes for HTML. */
function stored({ data, attributes }: AmsMessage, id: string, time: string) {
  const value = {
    messageId: id,
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
    data: data.toBase64(),
    publishTime: time,
  };
  const json = JSON.stringify(value, undefined, 3).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return new TextEncoder().encode(json).length;
}

const CHARS = [..."abz/.-_ <>&é€𝄞\u2028"];

function randomText(): string {
  const length = Math.floor(Math.random() * 40);
  return Array.from(
    { length },
    () => CHARS[Math.floor(Math.random() * CHARS.length)],
  ).join("");
}

Deno.test("storedSize() is what the service stores at its longest, and never less", () => {
  for (let round = 0; round < 2000; round++) {
    const message: AmsMessage = {
      data: crypto.getRandomValues(
        new Uint8Array(Math.floor(Math.random() * 300)),
      ),
      attributes: Object.fromEntries(
        Array.from(
          { length: 1 + Math.floor(Math.random() * 3) },
          () => [`k${randomText()}`, randomText()],
        ),
      ),
    };
    const size = storedSize(message);
    assert.equal(
      size,
      stored(message, "9".repeat(19), "2026-11-28T10:00:00.123456789Z"),
    );
    assert.ok(size >= stored(message, "0", "2026-11-28T10:00:00Z"));
  }
});

Deno.test("storedSize() needs no attributes, and is little more than the data", () => {
  const message = { data: new Uint8Array(750_000), attributes: {} };
  const size = storedSize(message);
  assert.ok(size >= stored(message, "0", ""));
  assert.ok(size < 1_000_000 + 200);
  const one = { data: new Uint8Array(0), attributes: { empaid: "x" } };
  assert.ok(storedSize(one) > stored(one, "0", "2026-11-28T10:00:00Z"));
});
