import assert from "node:assert/strict";
import { JoiningWriter } from "../../../../lib/stomp/connection/joining_writer.ts";
import { bytes } from "../../../kit/text.ts";

/** A network that takes a write when it is told to. */
class SlowNetwork {
  readonly writes: string[] = [];
  readonly #gates: PromiseWithResolvers<void>[] = [];
  readonly stream = new WritableStream<Uint8Array>({
    write: (chunk) => {
      this.writes.push(new TextDecoder().decode(chunk));
      const gate = Promise.withResolvers<void>();
      this.#gates.push(gate);
      return gate.promise;
    },
  }, { highWaterMark: 1 });

  take(): void {
    this.#gates.shift()!.resolve();
  }

  fail(): void {
    this.#gates.shift()!.reject(new Error("cut"));
  }
}

/** Lets everything run that waits for nothing. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("JoiningWriter writes at once, and joins what comes while it is busy", async () => {
  const network = new SlowNetwork();
  const writer = new JoiningWriter(network.stream);
  const taken: string[] = [];
  const write = (text: string) =>
    writer.write(bytes(text)).then(() => taken.push(text));
  const all = [write("a"), write("b"), write("c")];
  await settled();
  assert.deepEqual(network.writes, ["a"]);
  network.take();
  await settled();
  assert.deepEqual(taken, ["a"]);
  assert.deepEqual(network.writes, ["a", "bc"]);
  network.take();
  await Promise.all(all);
  assert.deepEqual(taken, ["a", "b", "c"]);
});

Deno.test("JoiningWriter joins up to 64 KiB and leaves larger writes alone", async () => {
  const network = new SlowNetwork();
  const writer = new JoiningWriter(network.stream);
  const sizes = [1, 40_000, 20_000, 10_000, 200_000, 5];
  const all = sizes.map((size) => writer.write(new Uint8Array(size)));
  for (let count = 1; count <= 5; count++) {
    await settled();
    network.take();
  }
  await Promise.all(all);
  assert.deepEqual(
    network.writes.map(({ length }) => length),
    [1, 60_000, 10_000, 200_000, 5],
  );
});

Deno.test("JoiningWriter takes up what comes in the very moment in which it is done", async () => {
  const network = new SlowNetwork();
  const writer = new JoiningWriter(network.stream);
  const second = writer.write(bytes("a")).then(() => writer.write(bytes("b")));
  await settled();
  network.take();
  await settled();
  network.take();
  await second;
  assert.deepEqual(network.writes, ["a", "b"]);
});

Deno.test("JoiningWriter tells everybody who waits of a failure", async () => {
  const network = new SlowNetwork();
  const writer = new JoiningWriter(network.stream);
  const all = ["a", "b", "c"].map((text) => writer.write(bytes(text)));
  const outcomes = Promise.allSettled(all);
  await settled();
  network.fail();
  for (const { status } of await outcomes) assert.equal(status, "rejected");
  await assert.rejects(writer.write(bytes("d")));
});

Deno.test("JoiningWriter closes once all has left", async () => {
  const network = new SlowNetwork();
  const writer = new JoiningWriter(network.stream);
  const writes = [writer.write(bytes("a")), writer.write(bytes("b"))];
  const closed = writer.close();
  await settled();
  network.take();
  await settled();
  assert.deepEqual(network.writes, ["a", "b"]);
  network.take();
  await Promise.all([...writes, closed]);
});
