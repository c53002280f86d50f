import assert from "node:assert/strict";
import type { Endpoint } from "../../../../lib/stomp/mod.ts";
import { freePorts } from "../../../kit/net/free_port.ts";
import {
  confirm,
  sayGoodbye,
  ScriptedBroker,
  takeMessages,
  taking,
} from "../../../kit/net/scripted_broker.ts";
import {
  endpoint,
  notingEnvelope,
  QUEUE,
  report,
  Stage,
} from "../../../kit/stage.ts";

Deno.test("sendAll() writes the SEND frame of SSM2, confirmed and persistent", async () => {
  await using stage = await Stage.open();
  const [name] = await stage.put("hello");
  let wire = "";
  await using broker = await ScriptedBroker.start(async (peer) => {
    const decoder = new TextDecoder();
    const reader = peer.socket.readable.getReader();
    const readFrame = async () => {
      let frame = "";
      while (!frame.endsWith("\0")) {
        frame += decoder.decode((await reader.read()).value);
      }
      return frame;
    };
    await readFrame();
    await peer.send("CONNECTED\nversion:1.2\n\n\0");
    wire = await readFrame();
    await peer.send(`RECEIPT\nreceipt-id:${name}\n\n\0`);
    const goodbye = /receipt:(.*)/.exec(await readFrame())?.[1];
    await peer.send(`RECEIPT\nreceipt-id:${goodbye}\n\n\0`);
  });
  assert.deepEqual(
    await stage.send([broker.endpoint]),
    report({ found: 1, sent: 1 }),
  );
  const [head, body] = wire.split("\n\n");
  const [command, ...headers] = head!.split("\n");
  assert.equal(command, "SEND");
  assert.deepEqual(headers.sort(), [
    "content-length:5",
    `destination:${QUEUE}`,
    `empa-id:${name}`,
    "persistent:true",
    `receipt:${name}`,
  ]);
  assert.equal(body, "hello\0");
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
});

Deno.test("sendAll() says what the Python sender says", async () => {
  await using stage = await Stage.open();
  const [name] = await stage.put("hello");
  await using broker = await ScriptedBroker.start(taking(1));
  await stage.send([broker.endpoint]);
  assert.deepEqual(stage.lines, [
    "INFO Connected.",
    `INFO Will send messages to: ${QUEUE}`,
    "INFO Found 1 messages.",
    `INFO Sending message: ${name}`,
    "INFO Waiting for broker to accept message.",
    `INFO Broker received message: ${name}`,
    `INFO Sent ${name}`,
    "INFO Tidying message directory.",
  ]);
});

Deno.test("sendAll() does not connect when there is nothing to send", async () => {
  await using stage = await Stage.open();
  const never: Endpoint = {
    name: "never",
    connect: () => assert.fail("connected"),
  };
  assert.deepEqual(await stage.send([never]), report({}));
  assert.deepEqual(stage.lines, ["INFO No messages found to send."]);
});

Deno.test("sendAll() keeps one message unconfirmed at a time, with the next ones sealed", async () => {
  await using stage = await Stage.open();
  const [first, second] = await stage.put("one", "two", "three", "four");
  const { promise: ahead, resolve } = Promise.withResolvers<void>();
  const envelope = notingEnvelope(stage, (payload) => {
    if (payload === "three") resolve();
  });
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const headers = await peer.expect("SEND");
    await ahead;
    await confirm(peer, headers);
    await takeMessages(peer, 3);
    await sayGoodbye(peer);
  });
  await stage.send([broker.endpoint], { envelope });
  const confirmed = stage.lines.indexOf(
    `INFO Broker received message: ${first}`,
  );
  const next = stage.lines.indexOf(`INFO Sending message: ${second}`);
  assert.ok(stage.lines.indexOf("sealed three") < confirmed);
  assert.ok(stage.lines.indexOf("sealed four") > confirmed, "too far ahead");
  assert.ok(next > confirmed, stage.lines.join("\n"));
});

Deno.test("sendAll() keeps at most `window` messages unconfirmed, whatever the order of the receipts", async () => {
  await using stage = await Stage.open();
  const texts = Array.from({ length: 9 }, (_, index) => `text ${index}`);
  const names = await stage.put(...texts);
  const { promise: ahead, resolve } = Promise.withResolvers<void>();
  const envelope = notingEnvelope(stage, (payload) => {
    if (payload === "text 5") resolve();
  });
  const arrived: string[] = [];
  let sentBeforeReceipt: number | undefined;
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const frames = [];
    for (let i = 0; i < 4; i++) frames.push(await peer.expect("SEND"));
    await ahead;
    const sending = (line: string) => line.startsWith("INFO Sending message");
    sentBeforeReceipt = stage.lines.filter(sending).length;
    arrived.push(...frames.map((headers) => headers["empa-id"]!));
    for (const headers of frames.reverse()) await confirm(peer, headers);
    arrived.push(...await takeMessages(peer, 5));
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint], { envelope, window: 4 });
  assert.equal(sentBeforeReceipt, 4);
  assert.deepEqual(arrived, names);
  assert.deepEqual(sent, report({ found: 9, sent: 9 }));
});

Deno.test("sendAll() bounds the unconfirmed bytes, and sends a larger message alone", async () => {
  await using stage = await Stage.open();
  const names = await stage.put(
    "x".repeat(60),
    "y".repeat(60),
    "z".repeat(500),
    "u",
  );
  await using broker = await ScriptedBroker.start(taking(4));
  await stage.send([broker.endpoint], { window: 10, windowBytes: 100 });
  const steps = stage.lines.flatMap((line) =>
    /(Sending|received) message: (.*)/.exec(line)?.slice(1, 3).join(" ") ?? []
  );
  assert.deepEqual(
    steps,
    names.flatMap((name) => [`Sending ${name}`, `received ${name}`]),
  );
});

Deno.test("sendAll() is not misled by receipts that are repeated or made up", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two", "three");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const one = await peer.expect("SEND");
    await confirm(peer, { receipt: "made up" });
    await confirm(peer, { receipt: names[2]! });
    await confirm(peer, one);
    await confirm(peer, one);
    assert.deepEqual(await takeMessages(peer, 2), names.slice(1));
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint]);
  assert.deepEqual(sent, report({ found: 3, sent: 3 }));
});

for (const version of ["1.0", "1.1"] as const) {
  Deno.test(`sendAll() sends over STOMP ${version}`, async () => {
    await using stage = await Stage.open();
    const names = await stage.put("one");
    await using broker = await ScriptedBroker.start(async (peer) => {
      await peer.welcome(version);
      assert.deepEqual(await takeMessages(peer, 1), names);
      await sayGoodbye(peer);
    });
    const sent = await stage.send([broker.endpoint]);
    assert.deepEqual(sent, report({ found: 1, sent: 1 }));
  });
}

Deno.test("sendAll() tells its progress message by message", async () => {
  await using stage = await Stage.open();
  await stage.put("", "2", "3");
  const steps: string[] = [];
  await using broker = await ScriptedBroker.start(taking(2));
  await stage.send([broker.endpoint], {
    onProgress: ({ found, sent, failed }) =>
      steps.push(`${found} ${sent} ${failed}`),
  });
  assert.deepEqual(steps, ["3 0 0", "3 0 1", "3 1 1", "3 2 1"]);
});

Deno.test("sendAll() locks nothing when no broker can be reached within the limit", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two");
  const [a, b] = freePorts(2);
  await assert.rejects(
    stage.send([endpoint(a!), endpoint(b!)], { retryForMs: 10_000 }),
    { code: "CONNECT" },
  );
  assert.deepEqual(await stage.left(), { elements: names, locks: [] });
  const attempts = stage.lines.filter((line) => line.includes("Failed to"));
  // At once, and after 1, 2 and 4 seconds; both brokers each time.
  assert.equal(attempts.length, 8);
});
