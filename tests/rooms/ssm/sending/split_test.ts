import assert from "node:assert/strict";
import { PlainDirectory } from "../../../../lib/spool/mod.ts";
import {
  confirm,
  sayGoodbye,
  ScriptedBroker,
  swallow,
  takeMessages,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, report, Stage } from "../../../kit/stage.ts";
import { bytes, text } from "../../../kit/text.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { idsOf, LIMIT, message, SPLIT } from "./splitting.ts";

Deno.test("sendAll() sends a file that is too large as several messages, and says so", async () => {
  await using stage = await Stage.open();
  const [name] = await stage.put(message(1, 2, 3));
  const parts: string[] = [];
  await using broker = await TestBroker.start();
  const sent = await stage.send([endpoint(broker.port)], {
    ...SPLIT,
    envelope: {
      seal: (body) => {
        parts.push(text(body));
        return Promise.resolve({ body });
      },
    },
  });
  assert.deepEqual(sent, report({ found: 1, sent: 1 }));
  assert.deepEqual(parts, [message(1, 2), message(3)]);
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
  assert.deepEqual(stage.lines.slice(2), [
    "INFO Found 1 messages.",
    `INFO Message ${name} has ${
      message(1, 2, 3).length
    } bytes, too many for one message: it is sent as 2 messages.`,
    `INFO Sending message: ${name}.1of2`,
    "INFO Waiting for broker to accept message.",
    `INFO Broker received message: ${name}.1of2`,
    `INFO Sending message: ${name}.2of2`,
    "INFO Waiting for broker to accept message.",
    `INFO Broker received message: ${name}.2of2`,
    `INFO Sent ${name}`,
    "INFO Tidying message directory.",
  ]);
});

Deno.test("sendAll() sends a file that is not too large as it is, whatever is in it", async () => {
  await using stage = await Stage.open();
  const names = await stage.put(message(1, 2), "x".repeat(LIMIT), "{");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    assert.deepEqual(await takeMessages(peer, 3), names);
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint], SPLIT);
  assert.deepEqual(sent, report({ found: 3, sent: 3 }));
});

for (const window of [1, 2, 5]) {
  Deno.test(`sendAll() keeps the order of files and of their parts with a window of ${window}`, async () => {
    await using stage = await Stage.open();
    const [one, five, two, three] = await stage.put(
      "1",
      message(1, 2, 3, 4, 5),
      "2",
      message(6, 7, 8),
    );
    await using broker = await ScriptedBroker.start(async (peer) => {
      await peer.welcome();
      assert.deepEqual(
        await takeMessages(peer, 7),
        [one, ...idsOf(five!, 3), two, ...idsOf(three!, 2)],
      );
      await sayGoodbye(peer);
    });
    const sent = await stage.send([broker.endpoint], { ...SPLIT, window });
    assert.deepEqual(sent, report({ found: 4, sent: 4 }));
    assert.deepEqual(await stage.left(), { elements: [], locks: [] });
  });
}

Deno.test("sendAll() keeps at most `window` parts unconfirmed, seals no more than two beside them, and removes the file when all are confirmed", async () => {
  await using stage = await Stage.open();
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const [name] = await stage.put(message(...numbers));
  const ids = idsOf(name!, 10);
  let sealed = 0;
  const envelope = {
    seal: (body: Uint8Array) => {
      sealed++;
      return Promise.resolve({ body });
    },
  };
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const frames = await swallow(peer, 3);
    for (const [index, id] of ids.slice(3).entries()) {
      assert.ok(sealed <= index + 3 + 2, `${sealed}`);
      await confirm(peer, { receipt: frames.shift()! });
      frames.push(...await swallow(peer, 1));
      assert.equal(frames.at(-1), id);
    }
    // The last is confirmed, the two before it are not.
    await confirm(peer, { receipt: frames.pop()! });
    assert.deepEqual(await stage.outgoing.list(), [name]);
    for (const receipt of frames) await confirm(peer, { receipt });
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint], {
    ...SPLIT,
    ...{ window: 3, envelope },
  });
  assert.deepEqual(sent, report({ found: 1, sent: 1 }));
  assert.equal(sealed, 10);
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
});

Deno.test("sendAll() reports and skips what is too large and cannot be split; the others go", async () => {
  await using stage = await Stage.open();
  const long = `Site: ${"x".repeat(LIMIT)}\n%%\n`;
  const [unknown, record, malformed, good] = await stage.put(
    "x".repeat(LIMIT + 1),
    message(1, 2) + long,
    `<UsageRecords>${"<UsageRecord/>".repeat(LIMIT)}`,
    message(1, 2, 3),
  );
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    assert.deepEqual(await takeMessages(peer, 2), idsOf(good!, 2));
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint], SPLIT);
  assert.deepEqual(sent, report({ found: 4, sent: 1, failed: 3 }));
  const complaint = (name: string, size: number, why: string) =>
    `ERROR Message ${name} was not sent and stays in outgoing: ` +
    `Cannot send message "${name}": it has ${size} bytes, ` +
    `the limit is ${LIMIT}, and it cannot be split: ${why}`;
  assert.deepEqual(stage.complaints, [
    complaint(
      unknown!,
      LIMIT + 1,
      "it is no APEL message, no XML or JSON with usage records",
    ),
    complaint(
      record!,
      LIMIT + long.length,
      `record 3 of 3 alone is too large, with ${long.length} bytes`,
    ),
    complaint(malformed!, 14 + 14 * LIMIT, "it is no well-formed XML"),
  ]);
  assert.deepEqual(await stage.left(), {
    elements: [unknown, record, malformed],
    locks: [],
  });
});

Deno.test("sendAll() says that a file that is too large could be split, if it may be", async () => {
  await using stage = await Stage.open();
  await stage.put("x".repeat(LIMIT + 1), message(1, 2, 3), message(1));
  await using broker = await TestBroker.start();
  const sent = await stage.send([endpoint(broker.port)], {
    ...SPLIT,
    split: "no",
  });
  assert.deepEqual(sent, report({ found: 3, sent: 1, failed: 2 }));
  assert.deepEqual(
    stage.complaints.filter((line) => line.includes("Hint: ")),
    [
      "ERROR Hint: with split = records in [messaging], messages of usage " +
      "records are sent in parts",
    ],
  );
});

Deno.test("sendAll() makes ids from file names that no other protocol would have", async () => {
  await using stage = await Stage.open();
  const path = `${stage.dir}/plain`;
  await Deno.mkdir(path);
  await Deno.writeFile(`${path}/größe 1`, bytes(message(1, 2, 3)));
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    assert.deepEqual(await takeMessages(peer, 2), idsOf("größe 1", 2));
    await sayGoodbye(peer);
  });
  const spool = new PlainDirectory(path, { minAgeMs: 0 });
  const sent = await stage.send([broker.endpoint], { ...SPLIT, spool });
  assert.deepEqual(sent, report({ found: 1, sent: 1 }));
});
