import assert from "node:assert/strict";
import { isSsmError, SsmError } from "../../../../lib/errors.ts";
import type { Endpoint, StompClient } from "../../../../lib/stomp/mod.ts";
import { BrokerSearch } from "../../../../lib/stomp/reconnecting/broker_search.ts";
import { GOOD_CONNECTION_MS } from "../../../../lib/stomp/reconnecting/early_losses.ts";
import { StateFeed } from "../../../../lib/stomp/reconnecting/state.ts";
import type { ReconnectOptions } from "../../../../lib/stomp/mod.ts";
import { InstantClock } from "../../../kit/clocks.ts";

/** A broker that fails as told, then accepts. */
function endpoint(name: string, failures: unknown[] = []): Endpoint {
  return {
    name,
    connect: () => {
      const failure = failures.shift();
      return failure === undefined
        ? Promise.resolve(clientOf(name))
        : Promise.reject(failure);
    },
  };
}

/** A connection over which nothing comes. */
function clientOf(name: string): StompClient {
  return { remote: name, tookMessages: false } as unknown as StompClient;
}

const down = () => new SsmError("CONNECT", "Cannot connect: refused");
const untrusted = () => new SsmError("TRUST", "Cannot trust broker");
const CUT = new SsmError("CONNECTION_LOST", "cut");

function setup(
  dial: Endpoint[],
  retryForMs: number,
  options: Partial<ReconnectOptions> = {},
) {
  const failed: string[] = [];
  const clock = new InstantClock();
  const { signal } = new AbortController();
  const search = new BrokerSearch({
    ...{ dial, retryForMs, clock, random: () => 0.5 },
    onAttemptFailed: (name, why) => failed.push(`${name}: ${why.message}`),
    ...options,
  }, new StateFeed(undefined));
  return { search, failed, clock, next: () => search.next(signal) };
}

Deno.test("BrokerSearch tries the brokers in order and takes the first that accepts", async () => {
  const { next, failed, clock } = setup([
    endpoint("a:1", [down()]),
    endpoint("b:2"),
    endpoint("c:3"),
  ], 60_000);
  assert.equal((await next()).remote, "b:2");
  assert.deepEqual(clock.slept, []);
  assert.deepEqual(failed, ["a:1: Cannot connect: refused"]);
});

Deno.test("BrokerSearch comes back with growing pauses", async () => {
  const { next, clock } = setup([
    endpoint("a:1", [down(), down(), down()]),
  ], 60_000);
  await next();
  assert.deepEqual(clock.slept, [1000, 2000, 4000]);
});

Deno.test("BrokerSearch gives up when its time is over, naming all brokers to who describes it", async () => {
  const always = Array.from({ length: 50 }, down);
  const { next, clock } = setup(
    [endpoint("a:1", [...always]), endpoint("b:2", [...always])],
    10_000,
    {
      describeFailure: ({ code, message }, names) =>
        new SsmError(code, `no broker of ${names.join(", ")}: ${message}`),
    },
  );
  await assert.rejects(next(), {
    code: "CONNECT",
    message: "no broker of a:1, b:2: Cannot connect: refused",
  });
  assert.deepEqual(clock.slept, [1000, 2000, 4000]);
});

Deno.test("BrokerSearch does not wait for what waiting cannot mend, unless told to wait for ever", async () => {
  const impatient = setup(
    [endpoint("a:1", [untrusted(), untrusted()])],
    60_000,
  );
  await assert.rejects(impatient.next(), { code: "TRUST" });
  assert.deepEqual(impatient.clock.slept, []);
  const patient = setup(
    [endpoint("a:1", [untrusted(), untrusted()])],
    Infinity,
  );
  await patient.next();
  assert.deepEqual(patient.clock.slept, [1000, 2000]);
});

Deno.test("BrokerSearch waits when waiting may help with one of the brokers", async () => {
  const { next, clock } = setup([
    endpoint("a:1", [down(), down()]),
    endpoint("b:2", [untrusted(), untrusted()]),
  ], 60_000);
  assert.equal((await next()).remote, "a:1");
  assert.deepEqual(clock.slept, [1000, 2000]);
});

Deno.test("BrokerSearch stops when asked to, and leaves no connection behind", async () => {
  for (const outcome of ["fails", "is made"]) {
    const controller = new AbortController();
    let isClosed = false;
    const { search } = setup([{
      name: "a:1",
      connect: () => {
        controller.abort();
        if (outcome === "fails") return Promise.reject(down());
        const client = { close: () => isClosed = true };
        return Promise.resolve(client as unknown as StompClient);
      },
    }], Infinity);
    await assert.rejects(search.next(controller.signal), { code: "ABORTED" });
    assert.equal(isClosed, outcome === "is made");
  }
});

/** Loses connections one after another: with which broker they were, and the pauses. */
async function lose(
  { search, next, clock }: ReturnType<typeof setup>,
  count: number,
  before: (client: StompClient) => void = () => {},
): Promise<{ brokers: string; pauses: number[] }> {
  let brokers = "";
  for (let n = 0; n < count; n++) {
    const client = await next();
    brokers += client.remote;
    before(client);
    search.lost(client, CUT);
  }
  return { brokers, pauses: clock.slept };
}

Deno.test("BrokerSearch comes back at once after a first loss, then with pauses and the next broker each time", async () => {
  const it = setup([endpoint("a"), endpoint("b"), endpoint("c")], Infinity);
  assert.deepEqual(await lose(it, 6), {
    brokers: "aabcab",
    pauses: [1000, 2000, 4000, 8000],
  });
});

const GOOD: readonly [
  string,
  (it: ReturnType<typeof setup>, client: StompClient) => void,
][] = [
  ["something was achieved", ({ search }) => search.progressed()],
  [
    "a message was taken",
    (_, client) => Object.assign(client, { tookMessages: true }),
  ],
  ["it lasted", ({ clock }) => clock.skip(GOOD_CONNECTION_MS)],
];

for (const [what, happen] of GOOD) {
  Deno.test(`BrokerSearch is patient for ever with connections over which ${what}`, async () => {
    const it = setup([endpoint("a"), endpoint("b")], 1000);
    const { brokers, pauses } = await lose(
      it,
      20,
      (client) => happen(it, client),
    );
    assert.deepEqual({ brokers, pauses }, {
      brokers: "a".repeat(20),
      pauses: [],
    });
  });
}

Deno.test("BrokerSearch has one time for all that goes wrong in a row", async () => {
  const a = endpoint("a", [down(), down()]);
  const { search, next, clock } = setup([a], 10_000);
  // Two rounds that fail: 1 s and 2 s; then two connections that come to nothing.
  const first = await next();
  assert.equal(search.lost(first, CUT), false);
  const second = await next();
  assert.deepEqual(clock.slept, [1000, 2000, 2000]);
  // Now 4 s are allowed, and 8 s would be too many.
  assert.equal(search.lost(second, CUT), false);
  assert.equal(search.lost(await next(), CUT), true);
  await assert.rejects(next(), (error) => {
    assert.ok(isSsmError(error, "CONNECTION_LOST"));
    assert.equal(
      error.message,
      "Lost connection: the broker confirmed nothing on 3 connections in a row: cut",
    );
    return true;
  });
});

Deno.test("BrokerSearch has all its time again after a good connection, and after a rest", async () => {
  const restarts: ((search: BrokerSearch) => void)[] = [
    (search) => search.progressed(),
    (search) => search.rested(10_000),
  ];
  for (const restart of restarts) {
    const { search, next, clock } = setup([endpoint("a")], 5000);
    assert.equal(search.lost(await next(), CUT), false);
    assert.equal(search.lost(await next(), CUT), false);
    const third = await next();
    clock.skip(10_000);
    restart(search);
    assert.equal(search.lost(third, CUT), false);
    await next();
  }
});

Deno.test("BrokerSearch allows one connection more after its time, once until the next progress", async () => {
  const { search, next, clock } = setup([endpoint("a")], 0);
  const fail = async () => search.lost(await next(), CUT);
  assert.equal(await fail(), false);
  assert.equal(await fail(), true);
  assert.equal(search.grantExtra(), true);
  assert.equal(await fail(), true);
  assert.deepEqual(clock.slept, []);
  assert.equal(search.grantExtra(), false);
  await assert.rejects(next(), { code: "CONNECTION_LOST" });
});
