import assert from "node:assert/strict";
import { SsmError } from "../../lib/errors.ts";
import { Logger, type LogRecord } from "../../lib/log/logger.ts";
import { connectAny, type Endpoint, startingWith } from "../../lib/ssm/mod.ts";
import type { StompClient } from "../../lib/stomp/mod.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

/** A broker that fails as told, then accepts. */
function endpoint(name: string, failures: unknown[]): Endpoint {
  const client = { name } as unknown as StompClient;
  return {
    name,
    connect: () => {
      const failure = failures.shift();
      return failure === undefined
        ? Promise.resolve(client)
        : Promise.reject(failure);
    },
  };
}

const down = () => new SsmError("CONNECT", "Cannot connect: refused");

function setup(endpoints: Endpoint[], retryForMs: number) {
  const records: LogRecord[] = [];
  const clock = new FakeClock();
  const options = {
    endpoints,
    retryForMs,
    signal: new AbortController().signal,
    log: new Logger("test", [(record) => records.push(record)]),
    clock,
    random: () => 0.5,
  };
  return { options, records, clock };
}

Deno.test("connectAny() tries the brokers in order and takes the first that accepts", async () => {
  const { options, records, clock } = setup([
    endpoint("a:1", [down()]),
    endpoint("b:2", []),
    endpoint("c:3", []),
  ], 60_000);
  const client = await connectAny(options);
  assert.equal((client as unknown as { name: string }).name, "b:2");
  assert.deepEqual(clock.slept, []);
  assert.deepEqual(
    records.map(({ level, message }) => `${level} ${message}`),
    ["WARNING Failed to connect to a:1: Cannot connect: refused"],
  );
});

Deno.test("connectAny() comes back with growing pauses", async () => {
  const { options, clock } = setup([
    endpoint("a:1", [down(), down(), down()]),
  ], 60_000);
  await connectAny(options);
  assert.deepEqual(clock.slept, [1000, 2000, 4000]);
});

Deno.test("connectAny() gives up when its time is over, naming all brokers", async () => {
  const always = Array.from({ length: 50 }, down);
  const { options, clock } = setup([
    endpoint("a:1", [...always]),
    endpoint("b:2", [...always]),
  ], 10_000);
  await assert.rejects(connectAny(options), {
    code: "CONNECT",
    message:
      "Attempts to start the SSM failed: no broker of a:1, b:2 can be used: Cannot connect: refused",
  });
  assert.deepEqual(clock.slept, [1000, 2000, 4000]);
});

Deno.test("connectAny() does not wait for what waiting cannot mend, unless told to wait for ever", async () => {
  const untrusted = () => new SsmError("TRUST", "Cannot trust broker");
  const impatient = setup(
    [endpoint("a:1", [untrusted(), untrusted()])],
    60_000,
  );
  await assert.rejects(connectAny(impatient.options), { code: "TRUST" });
  assert.deepEqual(impatient.clock.slept, []);
  const patient = setup(
    [endpoint("a:1", [untrusted(), untrusted()])],
    Infinity,
  );
  await connectAny(patient.options);
  assert.deepEqual(patient.clock.slept, [1000, 2000]);
});

Deno.test("connectAny() stops when asked to", async () => {
  const controller = new AbortController();
  const { options } = setup([{
    name: "a:1",
    connect: () => {
      controller.abort();
      return Promise.reject(down());
    },
  }], Infinity);
  await assert.rejects(
    connectAny({ ...options, signal: controller.signal }),
    { code: "ABORTED" },
  );
});

Deno.test("startingWith() goes round the list and leaves nobody out", () => {
  const names = (turns: number) =>
    startingWith(
      [endpoint("a", []), endpoint("b", []), endpoint("c", [])],
      turns,
    )
      .map(({ name }) => name).join("");
  assert.deepEqual([0, 1, 2, 3, 10].map(names), [
    "abc",
    "bca",
    "cab",
    "abc",
    "bca",
  ]);
});
