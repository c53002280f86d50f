import assert from "node:assert/strict";
import {
  isPattern,
  MAX_DESTINATION_LENGTH,
  parseDestination,
  parseDestinations,
} from "../../../../lib/broker/message/destination.ts";
import { isSsmError } from "../../../../lib/errors.ts";

Deno.test("parseDestination() understands every kind", () => {
  for (
    const [text, kind, path] of [
      ["/queue/a", "queue", "/queue/a"],
      ["/queue/a/b.c", "queue", "/queue/a/b.c"],
      ["gLite-APEL", "queue", "/queue/gLite-APEL"],
      ["a/b", "queue", "/queue/a/b"],
      ["/topic/a", "topic", "/topic/a"],
      ["/temp-queue/a", "temp-queue", "/temp-queue/a"],
      ["/reply-queue/a", "reply-queue", "/reply-queue/a"],
    ]
  ) {
    assert.deepEqual(parseDestination(text!), { kind, path });
  }
});

Deno.test("parseDestination() refuses what names nothing", () => {
  for (
    const text of [
      "",
      "/",
      "/queue/",
      "/queue",
      "/topic/",
      "/exchange/a",
      "//queue/a",
      " /queue/a",
      "/queue/a ",
      " a",
      "\u00a0a",
      "a\nb",
      "/queue/a\x1b[2J",
      "/queue/a?consumer.prefetchSize=1",
      "/queue/a,/queue/b",
      "x".repeat(MAX_DESTINATION_LENGTH + 1),
    ]
  ) {
    assert.throws(
      () => parseDestination(text),
      (error) => isSsmError(error, "STOMP_PROTOCOL"),
      JSON.stringify(text),
    );
  }
});

Deno.test("parseDestinations() understands several between commas, each once", () => {
  const paths = (text: string) =>
    parseDestinations(text).map(({ path }) => path);
  assert.deepEqual(paths("/queue/a"), ["/queue/a"]);
  assert.deepEqual(
    paths("/queue/a,b,/topic/c,/queue/b"),
    ["/queue/a", "/queue/b", "/topic/c"],
  );
  for (
    const text of ["/queue/a,", ",a", "a,,b", "a, b", "a ,b", "a,/exchange/b"]
  ) {
    assert.throws(
      () => parseDestinations(text),
      (error) => isSsmError(error, "STOMP_PROTOCOL"),
      text,
    );
  }
});

Deno.test("parseDestination() takes a name of exactly the longest length", () => {
  const text = "x".repeat(MAX_DESTINATION_LENGTH);
  assert.equal(parseDestination(text).path, `/queue/${text}`);
});

Deno.test("parseDestination() does not repeat control characters in its error", () => {
  assert.throws(() => parseDestination("a\x1b[2J"), {
    message:
      'Cannot use destination "a\\x1b[2J": it contains control characters',
  });
});

Deno.test("isPattern() finds wildcards as whole levels of topics and queues", () => {
  const found = (text: string) => isPattern(parseDestination(text));
  assert.equal(found("/topic/a.*"), true);
  assert.equal(found("/topic/a.>"), true);
  assert.equal(found("/topic/a/>"), true);
  assert.equal(found("/topic/a/#"), false);
  assert.equal(found("/topic/*"), true);
  assert.equal(found("/topic/a*b"), false);
  assert.equal(found("/topic/global.accounting"), false);
  assert.equal(found("/queue/a.*"), true);
  assert.equal(found("a.>"), true);
  assert.equal(found("/queue/>.a"), true);
  assert.equal(found("/queue/a>"), false);
  assert.equal(found("/temp-queue/a.*"), false);
});
