import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import {
  confirm,
  sayGoodbye,
  ScriptedBroker,
  swallow,
  taking,
} from "../../../kit/net/scripted_broker.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { opener, RunningReceiver, sealer } from "../../../kit/receiving.ts";
import { endpoint, report, Stage } from "../../../kit/stage.ts";
import { text } from "../../../kit/text.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import {
  HEADER,
  idsOf,
  LIMIT,
  message,
  record,
  sendOver,
  SPLIT,
} from "./splitting.ts";

Deno.test("sendAll() splits what the carrier would not take, and tries what it may take", async () => {
  await using stage = await Stage.open();
  // Everything may become twice as long, and does not.
  const limit = 2 * message(1).length;
  const [large, doubtful, bad, good] = await stage.put(
    message(1, 2, 3),
    "x".repeat(limit),
    "x".repeat(limit + 1),
    message(1),
  );
  await using broker = await TestBroker.start();
  const scale = () => ({
    fixed: 0,
    weigh: ({ length }: Uint8Array) => 2 * length,
  });
  const seal = (body: Uint8Array) => Promise.resolve({ body });
  const sent: string[] = [];
  await sendOver(
    stage,
    broker.port,
    { envelope: { seal, scale } },
    (carrier) => {
      carrier.maxBodyBytes = limit;
      carrier.confirmed = (id) => sent.push(id);
    },
  );
  assert.deepEqual(sent, [...idsOf(large!, 3), doubtful, good]);
  assert.deepEqual(stage.complaints, [
    `ERROR Message ${bad} was not sent and stays in outgoing: ` +
    `Cannot send message "${bad}": sealed it has ${limit + 1} bytes, ` +
    `the limit is ${limit}, and it cannot be split: ` +
    "it is no APEL message, no XML or JSON with usage records",
  ]);
});

for (const window of [1, 4]) {
  Deno.test(`sendAll() sends no more of a file with a part that is not wanted, and the next file, with a window of ${window}`, async () => {
    await using stage = await Stage.open();
    const [bad, good] = await stage.put(
      message(1, 2, 3, 4, 5, 6, 7, 8, 9),
      message(1, 2, 3),
    );
    await using broker = await TestBroker.start();
    const sent: string[] = [];
    const result = await sendOver(
      stage,
      broker.port,
      { maxMessageBytes: LIMIT, window },
      (carrier) => {
        carrier.unwanted = /\.2of5$/;
        carrier.confirmed = (id) => sent.push(id);
      },
    );
    assert.deepEqual(result, report({ found: 2, sent: 1, failed: 1 }));
    assert.ok(sent.includes(`${bad}.1of5`));
    assert.ok(!sent.includes(`${bad}.5of5`), sent.join());
    assert.deepEqual(sent.slice(-2), idsOf(good!, 2));
    const inPart = sent.filter((id) => id.startsWith(bad!)).length;
    assert.deepEqual(stage.complaints, [
      `ERROR Message ${bad} was not sent and stays in outgoing: ` +
      `Cannot send message "${bad}.2of5": unwanted`,
      `WARNING Message ${bad} was sent in part, and all of it will be sent again: ` +
      `confirmed messages of it: ${inPart}`,
    ]);
    assert.deepEqual(await stage.left(), { elements: [bad], locks: [] });
  });
}

Deno.test("sendAll() leaves a file of which a part cannot be sealed, and sends the next", async () => {
  await using stage = await Stage.open();
  const [bad] = await stage.put(message(1, 2, 3, 4, 5), message(6, 7, 8));
  const seal = (body: Uint8Array) =>
    text(body).includes(record(3))
      ? Promise.reject(new SsmError("KEY", "Cannot sign message: no key"))
      : Promise.resolve({ body });
  await using broker = await ScriptedBroker.start(taking(3));
  const sent = await stage.send([broker.endpoint], {
    ...SPLIT,
    envelope: { seal },
  });
  assert.deepEqual(sent, report({ found: 2, sent: 1, failed: 1 }));
  assert.deepEqual(await stage.left(), { elements: [bad], locks: [] });
});

Deno.test("sendAll() stops amid a file when it is asked to, and leaves it", async () => {
  await using stage = await Stage.open();
  const [name] = await stage.put(message(1, 2, 3, 4, 5));
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const [receipt] = await swallow(peer, 1);
    stage.stop();
    await confirm(peer, { receipt: receipt! });
    await sayGoodbye(peer);
  });
  await assert.rejects(stage.send([broker.endpoint], SPLIT), {
    code: "ABORTED",
  });
  assert.deepEqual(await stage.left(), { elements: [name], locks: [] });
});

const pki = sharedServer(["openssl"], testPki);

for (const encrypted of [false, true]) {
  testWith(
    ["openssl"],
    `sendAll() again after a run that ended amid a file: receive() files each part once, ${
      encrypted ? "encrypted" : "signed"
    }`,
    async () => {
      const { host, server } = pki();
      await using stage = await Stage.open();
      const all = message(...Array.from({ length: 3000 }, (_, i) => i));
      const [name] = await stage.put(all);
      const envelope = sealer(host, encrypted ? server : undefined);
      const options = { envelope, maxMessageBytes: 20_000, window: 2 };
      await using broker = await TestBroker.start();
      const stop = new AbortController();
      await assert.rejects(
        sendOver(
          stage,
          broker.port,
          { ...options, signal: stop.signal },
          (carrier) => {
            carrier.confirmed = (id) => {
              if (id.startsWith(`${name}.2of`)) stop.abort();
            };
          },
        ),
        { code: "ABORTED" },
      );
      const before = broker.broker.stats().messagesIn;
      assert.ok(before >= 2);
      await sendOver(stage, broker.port, options, () => {});
      const total = broker.broker.stats().messagesIn;
      await using receiver = await RunningReceiver.start(
        stage,
        [endpoint(broker.port)],
        { envelope: opener(pki()) },
      );
      const outcomes = await receiver.until(total);
      const count = total - before;
      assert.equal(
        outcomes.filter((outcome) => outcome === "duplicate").length,
        before,
      );
      const incoming = await stage.delivered("incoming");
      assert.deepEqual(
        incoming.map(({ empaid }) => empaid),
        idsOf(name!, count),
      );
      assert.equal(
        HEADER +
          incoming.map(({ body }) => body!.slice(HEADER.length)).join(""),
        all,
      );
      assert.deepEqual(await stage.delivered("reject"), []);
      assert.deepEqual(await stage.left(), { elements: [], locks: [] });
    },
  );
}

Deno.test("sendAll() with another limit after it ended amid a file: receive() takes no part for another one", async () => {
  await using stage = await Stage.open();
  const [name] = await stage.put(message(1, 2, 3, 4));
  await using broker = await TestBroker.start();
  // Two parts each time, with other records in them.
  const limits = [message(1, 2).length, message(1, 2, 3).length];
  const run = (limit: number, unwanted: RegExp) =>
    sendOver(stage, broker.port, { maxMessageBytes: limit }, (carrier) => {
      carrier.unwanted = unwanted;
    });
  await run(limits[0]!, /\.2of2$/);
  await run(limits[1]!, /^$/);
  await using receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port),
  ]);
  await receiver.until(3);
  const incoming = await stage.delivered("incoming");
  assert.deepEqual(incoming.map(({ empaid, body }) => [empaid, body]), [
    [`${name}.1of2`, message(1, 2)],
    [`${name}.1of2`, message(1, 2, 3)],
    [`${name}.2of2`, message(4)],
  ]);
});
