import assert from "node:assert/strict";
import {
  type AccessRequest,
  type AccessRule,
  AccessRules,
} from "../../../../lib/broker/mod.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";

/** A rule in words: verdict, access, destination, and perhaps the only user it is about. */
function rule(words: string): AccessRule {
  const [verdict, access, destination, user] = words.split(" ");
  return {
    verdict: verdict as AccessRule["verdict"],
    access: access as AccessRule["access"],
    destination: destination!,
    concerns: ({ principal }) => user === undefined || principal.name === user,
  };
}

/** A request in words: access, destination, user. */
function request(words: string): AccessRequest {
  const [access, destination, name = "alice"] = words.split(" ");
  return {
    access: access as AccessRequest["access"],
    destination: destination!,
    principal: { name },
    host: "",
    remote: "192.0.2.1:50000",
    peer: undefined,
  };
}

function verdict(rules: readonly string[], words: string): string {
  const found = new AccessRules(rules.map(rule)).find(request(words));
  return found?.verdict ?? "none";
}

Deno.test("AccessRules decides by the first rule that fits, and by none where none does", () => {
  const rules = [
    "deny write /queue/jobs mallory",
    "allow write /queue/jobs",
    "allow read /queue/jobs bob",
    "allow all /topic/news.> alice",
  ];
  for (
    const [words, expected] of [
      ["write /queue/jobs mallory", "deny"],
      ["write /queue/jobs alice", "allow"],
      ["read /queue/jobs bob", "allow"],
      ["read /queue/jobs alice", "none"],
      ["write /queue/Jobs alice", "none"],
      ["write /queue/jobs.old alice", "none"],
      ["write /topic/jobs alice", "none"],
      ["write /topic/news.uk alice", "allow"],
      ["read /topic/news alice", "allow"],
      ["read /topic/newsreel alice", "none"],
    ] as const
  ) {
    assert.equal(verdict(rules, words), expected, words);
  }
  assert.equal(verdict([], "read /queue/a"), "none");
});

Deno.test("AccessRules knows wildcards of whole levels", () => {
  for (
    const [pattern, destination, expected] of [
      ["/queue/a.*", "/queue/a.b", "allow"],
      ["/queue/a.*", "/queue/a/b", "allow"],
      ["/queue/a.*", "/queue/a", "none"],
      ["/queue/a.*", "/queue/a.b.c", "none"],
      ["/queue/*.b", "/queue/a.b", "allow"],
      ["/queue/a.>", "/queue/a.b.c", "allow"],
      ["/queue/a.>", "/queue/b", "none"],
      ["/queue/>", "/topic/a", "none"],
      ["/>", "/topic/a", "allow"],
      ["/>", "/queue/a.b", "allow"],
    ] as const
  ) {
    const rules = [`allow all ${pattern}`];
    const words = `write ${destination}`;
    assert.equal(verdict(rules, words), expected, `${pattern} ${destination}`);
  }
});

Deno.test("AccessRules allows a subscription to a pattern only where one rule allows the whole of it", () => {
  for (
    const [pattern, destination, expected] of [
      ["/topic/a.>", "/topic/a.>", "allow"],
      ["/topic/a.>", "/topic/a.*", "allow"],
      ["/topic/a.>", "/topic/a.b.>", "allow"],
      ["/topic/a.*", "/topic/a.*", "allow"],
      // "a.>" is also "a" and "a.b.c".
      ["/topic/a.*", "/topic/a.>", "none"],
      ["/topic/a.b", "/topic/a.*", "none"],
      ["/topic/a.b", "/topic/>", "none"],
      ["/topic/a.>", "/topic/*.b", "none"],
      ["/topic/*", "/topic/>", "none"],
      ["/queue/w.>", "/queue/w.*", "allow"],
      ["/queue/w.>", "/queue/>", "none"],
      ["/queue/w.a", "/queue/w.*", "none"],
    ] as const
  ) {
    const rules = [`allow read ${pattern}`];
    const words = `read ${destination}`;
    assert.equal(verdict(rules, words), expected, `${pattern} ${destination}`);
  }
});

Deno.test("AccessRules denies a subscription to a pattern of which any part is denied", () => {
  for (
    const [destination, expected] of [
      ["/topic/>", "deny"],
      ["/topic/*", "allow"],
      ["/topic/*.*", "deny"],
      ["/topic/*.plans", "deny"],
      ["/topic/secret.>", "deny"],
      ["/topic/secret.plans", "deny"],
      ["/topic/secret.*", "deny"],
      ["/topic/secret", "allow"],
      ["/topic/public.>", "allow"],
    ] as const
  ) {
    const rules = ["deny read /topic/secret.plans", "allow read /topic/>"];
    assert.equal(verdict(rules, `read ${destination}`), expected, destination);
  }
});

Deno.test("AccessRules refuses destinations that would fit nothing, or not what they seem to", () => {
  for (
    const [destination, why] of [
      ["jobs", "it is neither /queue/NAME, /topic/NAME nor />"],
      ["/queue/", "it is neither /queue/NAME, /topic/NAME nor />"],
      ["/temp-queue/a", "it is neither /queue/NAME, /topic/NAME nor />"],
      ["/*", "it is neither /queue/NAME, /topic/NAME nor />"],
      ["*", "it is neither /queue/NAME, /topic/NAME nor />"],
      ["/queue/a..b", "it has an empty level"],
      ["/queue/a*", "its wildcards are not * or > as whole levels"],
      ["/queue/*a", "its wildcards are not * or > as whole levels"],
      ["/topic/a.#", "its wildcards are not * or > as whole levels"],
      ["/topic/>.a", "> is not its last level"],
    ] as const
  ) {
    assert.throws(() => new AccessRules([rule(`allow all ${destination}`)]), {
      name: "SyntaxError",
      message: why,
    }, destination);
  }
});

Deno.test("AccessRules serves as a broker's authorise hook", async () => {
  const rules = new AccessRules([
    rule("deny read /topic/secret"),
    rule("allow all /topic/>"),
  ]);
  await using server = await TestBroker.start({
    authorise: (request) => rules.find(request)?.verdict === "allow",
  });
  const client = await server.connect();
  await client.confirmed("SUBSCRIBE", { destination: "/topic/open", id: "1" });
  client.send("SUBSCRIBE", { destination: "/topic/>", id: "2" });
  assert.match(
    text(await client.refused()),
    /^Cannot subscribe to "\/topic\/>": not allowed/,
  );
});
