import assert from "node:assert/strict";
import { dial } from "../../../../lib/net/mod.ts";
import { FrameDecoder } from "../../../../lib/stomp/mod.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";

const receipt = true;
const MB = 1 << 20;

Deno.test("ssm broker offers the heart-beats it is told to, and drops who owes them", async () => {
  await using server = await startBroker(
    ...["--heartbeat-in=100", "--heartbeat-out=70", "--forgiveness=1"],
  );
  const socket = await dial({ host: "127.0.0.1", port: server.port });
  const writer = socket.writable.getWriter();
  const hello = "CONNECT\naccept-version:1.2\nhost:a\nheart-beat:50,60\n\n\0";
  await writer.write(new TextEncoder().encode(hello));
  const decoder = new FrameDecoder();
  const said = [];
  // Until the broker hangs up: it promised to hear this client every 100 ms.
  for await (const chunk of socket.readable) said.push(...decoder.push(chunk));
  assert.equal(said[0]?.command, "CONNECTED");
  assert.equal(said[0]?.headers.get("heart-beat"), "70,100");
  await server.broker.line(/Lost connection to 127\.0\.0\.1:\d+: /);
});

Deno.test("ssm broker --max-connections refuses one more", async () => {
  await using server = await startBroker("--max-connections=1");
  const client = await server.connect();
  await assert.rejects(server.connect(), {
    code: "STOMP_ERROR",
    message: /1 clients are connected already/,
  });
  await client.disconnect();
});

Deno.test("ssm broker --prefetch is the window of who asks for none", async () => {
  await using server = await startBroker("--prefetch=1");
  const socket = await dial({ host: "127.0.0.1", port: server.port });
  const frames = [
    "CONNECT\naccept-version:1.1\nhost:a\n\n\0",
    "SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client\n\n\0",
    "SEND\ndestination:/queue/a\n\n1\0",
    "SEND\ndestination:/queue/a\nreceipt:r\n\n2\0",
  ];
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode(frames.join("")));
  const decoder = new FrameDecoder();
  const said: string[] = [];
  for await (const chunk of socket.readable) {
    for (const { command } of decoder.push(chunk)) said.push(command);
    if (said.includes("RECEIPT")) break;
  }
  assert.deepEqual(said, ["CONNECTED", "MESSAGE", "RECEIPT"]);
});

Deno.test("ssm broker --subscriptions is what one connection may have", async () => {
  await using server = await startBroker("--subscriptions=2");
  const client = await server.connect();
  for (const name of ["a", "b"]) await client.subscribe(`/queue/${name}`);
  await assert.rejects(client.subscribe("/queue/c", { receipt }), {
    code: "STOMP_ERROR",
    message: /a connection may have 2 subscriptions/,
  });
});

Deno.test("ssm broker --memory bounds what topics hold, and cuts off who is slow", async () => {
  await using server = await startBroker("--memory=4M");
  const [slow, quick, producer] = await Promise.all([
    server.connect(),
    server.connect(),
    server.connect(),
  ]);
  for (let n = 0; n < 4; n++) {
    await slow.subscribe(`/topic/${n}`, { receipt });
  }
  const ack = "auto";
  const all = await quick.subscribe("/topic/>", { ack, receipt });
  const body = new Uint8Array(100_000);
  for (let n = 0; n < 24; n++) {
    await producer.send(`/topic/${n % 4}`, body, { receipt });
    await all[Symbol.asyncIterator]().next();
  }
  const why = /all clients together may hold 2097152 bytes/;
  assert.match((await slow.closed)?.message ?? "", why);
  await server.broker.line(/Refused 127\.0\.0\.1:\d+: Cannot keep up: /);
  for (const client of [quick, producer]) await client.disconnect();
});

Deno.test("ssm broker --memory bounds what queues hold in memory; the rest is on disk, or refused", async () => {
  const data = await Deno.makeTempDir({ prefix: "ssm-limits-" });
  try {
    await using small = await startBroker("--memory=1M");
    const client = await small.connect();
    await assert.rejects(
      client.send("/queue/a", new Uint8Array(MB), { receipt }),
      { code: "STOMP_ERROR", message: /Queue memory is full: 0 of 524288/ },
    );
    await using stored = await startBroker(
      ...["--memory=1M", "--max-data=4M", `--data=${data}`],
    );
    const other = await stored.connect();
    for (let count = 0; count < 3; count++) {
      await other.send("/queue/a", new Uint8Array(MB), { receipt });
    }
    await assert.rejects(
      other.send("/queue/a", new Uint8Array(MB), { receipt }),
      {
        code: "STOMP_ERROR",
        message: /Message store is full: 31\d+ of 4194304/,
      },
    );
    client.close();
    other.close();
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});
