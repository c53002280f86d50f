import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { Ssm2OutgoingCarrier } from "../../../../lib/ssm/mod.ts";
import { InstantClock } from "../../../kit/clocks.ts";
import {
  confirm,
  sayGoodbye,
  ScriptedBroker,
  swallow,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";

/** Waits until that file is gone. */
async function isRemoved(path: string): Promise<void> {
  using watcher = Deno.watchFs(dirname(path));
  for (;;) {
    const names = Array.from(
      Deno.readDirSync(dirname(path)),
      ({ name }) => name,
    );
    if (!names.includes(basename(path))) return;
    await watcher[Symbol.asyncIterator]().next();
  }
}

Deno.test("sendAll() finishes what is under way when it is stopped, and leaves the rest", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three", "four", "five");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const ids = await swallow(peer, 2);
    stage.stop();
    for (const receipt of ids) await confirm(peer, { receipt });
    await sayGoodbye(peer);
  });
  await assert.rejects(stage.send([broker.endpoint], { window: 2 }), {
    code: "ABORTED",
  });
  assert.deepEqual(await stage.left(), { elements: names.slice(2), locks: [] });
});

Deno.test("sendAll() removes what is confirmed, whatever becomes of the others", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three", "four");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const [one, two] = await swallow(peer, 2);
    stage.stop();
    await confirm(peer, { receipt: two! });
    // Its place in the window goes to the third, which sees that it is over.
    await isRemoved(`${stage.outgoingDir}/${two}`);
    await confirm(peer, { receipt: one! });
    await sayGoodbye(peer);
  });
  await assert.rejects(stage.send([broker.endpoint], { window: 2 }), {
    code: "ABORTED",
  });
  assert.deepEqual(await stage.left(), { elements: names.slice(2), locks: [] });
});

Deno.test("sendAll() does not reconnect after it was stopped; what is unconfirmed stays", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    await swallow(peer, 2);
    stage.stop();
  });
  await assert.rejects(stage.send([broker.endpoint], { window: 2 }), {
    code: "ABORTED",
  });
  assert.deepEqual(await stage.left(), { elements: names, locks: [] });
});

Deno.test("sendAll() counts as done when it was stopped with nothing left to do", async () => {
  await using stage = await Stage.open();
  await stage.put("one");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const [receipt] = await swallow(peer, 1);
    stage.stop();
    await confirm(peer, { receipt: receipt! });
    await sayGoodbye(peer);
  });
  assert.equal((await stage.send([broker.endpoint])).sent, 1);
});

Deno.test("sendAll() stops while it waits for a broker", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one");
  await using broker = await ScriptedBroker.start(async (peer) => {
    // Hangs before CONNECTED until the client gives up.
    await peer.expect("CONNECT");
    stage.stop();
    await peer.expectEnd();
  });
  const hanging = endpoint(broker.port, { connectTimeoutMs: 20 });
  await assert.rejects(stage.send([hanging]), { code: "ABORTED" });
  assert.deepEqual(await stage.left(), { elements: names, locks: [] });
});

Deno.test("Ssm2OutgoingCarrier closes a connection that comes after it was stopped", async () => {
  await using stage = await Stage.open();
  await stage.put("one");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.expect("CONNECT");
    stage.stop();
    await peer.send("CONNECTED\nversion:1.2\n\n\0");
    await peer.expectEnd();
  });
  await assert.rejects(stage.send([broker.endpoint]), { code: "ABORTED" });
});

Deno.test("Ssm2OutgoingCarrier sends nothing after it was closed", async () => {
  await using stage = await Stage.open();
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    await sayGoodbye(peer);
  });
  await using carrier = new Ssm2OutgoingCarrier({
    endpoints: [broker.endpoint],
    destination: QUEUE,
    retryForMs: 0,
    signal: stage.signal,
    log: stage.log,
    clock: new InstantClock(),
  });
  await carrier.open();
  await carrier.close();
  await assert.rejects(carrier.send("late", { body: bytes("x") }), {
    code: "ABORTED",
  });
});
