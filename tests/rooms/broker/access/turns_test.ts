import assert from "node:assert/strict";
import { addressGroup } from "../../../../lib/broker/access/addresses.ts";
import { Turns } from "../../../../lib/broker/access/turns.ts";
import {
  hashPasscode,
  parsePasscodeHash,
  userTable,
} from "../../../../lib/broker/mod.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { ManualClock } from "../../../kit/clocks.ts";

const BUSY = { code: "LIMIT", message: /too many others do/ };
const GONE = { code: "ABORTED", message: /did not wait/ };

/** A line in which one is served, who stays until told to go. */
function occupied() {
  const turns = new Turns();
  const first = Promise.withResolvers<boolean>();
  const served: string[] = [];
  const done = turns.take({ remote: "9.9.9.9:1" }, () => first.promise);
  return {
    turns,
    served,
    /** Joins the line; its turn comes to `outcome`. */
    join: (remote: string, outcome = true, signal?: AbortSignal) =>
      turns.take({ remote, signal }, () => {
        served.push(remote);
        return Promise.resolve(outcome);
      }),
    /** The first goes, and all others are served. */
    async finish(...rest: Promise<boolean>[]): Promise<string[]> {
      first.resolve(true);
      await done;
      await Promise.allSettled(rest);
      return served;
    },
  };
}

Deno.test("Turns.take() serves one after the other, in order", async () => {
  const line = occupied();
  const rest = ["1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1"].map((remote) =>
    line.join(remote)
  );
  assert.deepEqual(line.served, []);
  assert.deepEqual(await line.finish(...rest), [
    "1.1.1.1:1",
    "1.1.1.2:1",
    "1.1.1.3:1",
  ]);
  assert.equal(await line.join("1.1.1.4:1", false), false);
});

Deno.test("Turns.take() skips clients that are gone, before and while they wait", async () => {
  const line = occupied();
  const leaves = new AbortController();
  const gone = line.join("1.1.1.1:1", true, leaves.signal);
  const stays = line.join("1.1.1.2:1", true, new AbortController().signal);
  leaves.abort();
  await assert.rejects(gone, GONE);
  await assert.rejects(line.join("1.1.1.3:1", true, leaves.signal), GONE);
  assert.deepEqual(await line.finish(stays), ["1.1.1.2:1"]);
});

Deno.test("Turns.take() goes on after work that throws", async () => {
  const line = occupied();
  const fails = line.turns.take({ remote: "1.1.1.1:1" }, () => {
    throw new Error("broken");
  });
  const next = line.join("1.1.1.2:1");
  assert.deepEqual(await line.finish(fails, next), ["1.1.1.2:1"]);
  await assert.rejects(fails, /broken/);
});

Deno.test("Turns.take() lets so many of one address wait, and no more", async () => {
  const line = occupied();
  const rest = Array.from({ length: 32 }, () => line.join("1.1.1.1:1"));
  await assert.rejects(line.join("1.1.1.1:2"), BUSY);
  rest.push(line.join("1.1.1.2:1"));
  const served = await line.finish(...rest);
  assert.equal(served.length, 33);
  // Of those that never failed, an address of which fewer wait is first.
  assert.equal(served[0], "1.1.1.2:1");
});

Deno.test("Turns.take() serves an address with failures after the others, for ten minutes", async () => {
  const clock = new ManualClock();
  const failing = new Turns(clock);
  for (let n = 0; n < 2; n++) {
    await failing.take({ remote: "1.1.1.1:1" }, () => Promise.resolve(false));
  }
  await failing.take({ remote: "1.1.1.2:1" }, () => Promise.resolve(false));
  const serve = async () => {
    const served: string[] = [];
    const take = (remote: string) =>
      failing.take({ remote }, () => {
        served.push(remote);
        return Promise.resolve(true);
      });
    const remotes = ["9:1", "1.1.1.1:7", "1.1.1.2:7", "1.1.1.3:7"];
    await Promise.all(remotes.map(take));
    return served.slice(1);
  };
  assert.deepEqual(await serve(), ["1.1.1.3:7", "1.1.1.2:7", "1.1.1.1:7"]);
  clock.advance(600_001);
  assert.deepEqual(await serve(), ["1.1.1.1:7", "1.1.1.2:7", "1.1.1.3:7"]);
});

Deno.test("Turns.take() bounds the line, in which the worst gives way to the better", async () => {
  const line = occupied();
  const crowd = Array.from(
    { length: 4 },
    (_, address) =>
      Array.from({ length: 25 }, () => line.join(`1.1.1.${address}:1`)),
  ).flat();
  const refused: unknown[] = [];
  for (const turn of crowd) turn.catch((error) => refused.push(error));
  const quiet = line.join("2.2.2.2:1");
  const served = await line.finish(...crowd, quiet);
  assert.equal(served[0], "2.2.2.2:1");
  assert.equal(served.length, 100);
  assert.equal(refused.length, 1);
  const [error] = refused;
  assert.ok(error instanceof Error && BUSY.message.test(error.message));
});

Deno.test("addressGroup() takes an address of IPv4, and a network of IPv6, for one place", () => {
  for (
    const [remote, group] of [
      ["192.0.2.1:61613", "192.0.2.1"],
      ["[::ffff:192.0.2.1]:5", "192.0.2.1"],
      ["[2001:db8:1:2:3:4:5:6]:5", "2001:db8:1:2::/64"],
      ["[2001:DB8:1:2::9]:5", "2001:db8:1:2::/64"],
      ["[2001:0db8:0001:0002::9]:5", "2001:db8:1:2::/64"],
      ["[2001:db8::9]:5", "2001:db8:0:0::/64"],
      ["[fe80::1%eth0]:5", "fe80:0:0:0::/64"],
      ["[::1]:5", "0:0:0:0::/64"],
      ["[64:ff9b::192.0.2.1]:5", "64:ff9b:0:0::/64"],
      ["unknown:0", "unknown"],
    ] as const
  ) {
    assert.equal(addressGroup(remote), group, remote);
  }
});

Deno.test("Broker lets in who knows the passcode, after three hundred who guessed and hung up", async () => {
  const hash = parsePasscodeHash(await hashPasscode("secret"))!;
  await using server = await TestBroker.start({
    authenticate: userTable(new Map([["alice", hash]])),
  });
  const login = "alice";
  for (let n = 0; n < 300; n++) {
    const guesser = await server.dial();
    guesser.send("CONNECT", {
      ...{ "accept-version": "1.2", host: "a" },
      ...{ login, passcode: `wrong${n}` },
    });
    await guesser.finish();
    guesser.close();
  }
  // To try all of the wrong ones first would take longer than a login may.
  const client = await server.connect("1.2", { login, passcode: "secret" });
  assert.deepEqual(await client.pending(), []);
});

Deno.test("Broker tells authenticate when the client is gone", async () => {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<string>();
  await using server = await TestBroker.start({
    authenticate: async ({ signal, remote }) => {
      assert.ok(signal && !signal.aborted);
      signal.addEventListener("abort", () => resolve());
      asked.resolve(remote);
      await gone;
      return undefined;
    },
  });
  const client = await server.dial();
  client.send("CONNECT", { "accept-version": "1.2", host: "a" });
  assert.match(await asked.promise, /^127\.0\.0\.1:\d+$/);
  await client.finish();
  await gone;
  // It may still read what comes.
  assert.match(text(await client.refused()), /wrong login or passcode/);
});

Deno.test("Broker tells authenticate that the time for a login is over", async () => {
  const clock = new ManualClock();
  const asked = Promise.withResolvers<AbortSignal>();
  await using server = await TestBroker.start({
    clock,
    authenticate: async ({ signal }) => {
      const over = Promise.withResolvers<void>();
      signal!.addEventListener("abort", () => over.resolve());
      asked.resolve(signal!);
      await over.promise;
      return { name: "too late" };
    },
  });
  const client = await server.dial();
  client.send("CONNECT", { "accept-version": "1.2", host: "a" });
  const signal = await asked.promise;
  clock.advance(10_000);
  assert.ok(signal.aborted);
  assert.match(text(await client.refused()), /no decision for 10000 ms/);
});

Deno.test("Broker leaves the signal alone of a client that it let in", async () => {
  let seen: AbortSignal | undefined;
  await using server = await TestBroker.start({
    authenticate: ({ signal }) => {
      seen = signal;
      return { name: "somebody" };
    },
  });
  const client = await server.connect();
  await client.pending();
  assert.equal(seen?.aborted, false);
});
