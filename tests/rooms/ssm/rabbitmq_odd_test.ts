import assert from "node:assert/strict";
import { dial } from "../../../lib/net/mod.ts";
import { ReconnectingClient, systemClock } from "../../../lib/stomp/mod.ts";
import {
  contentDigest,
  Ssm1Incoming,
  Ssm1Reject,
} from "../../../lib/spool/mod.ts";
import { receive, Ssm1IncomingCarrier } from "../../../lib/ssm/mod.ts";
import { sharedServer, testWith } from "../../peers/parts.ts";
import { startRabbitMq } from "../../peers/rabbitmq.ts";
import { plainEnvelope, RunningReceiver } from "../../kit/receiving.ts";
import { endpoint, Stage } from "../../kit/stage.ts";
import { text } from "../../kit/text.ts";

const PARTS = ["rabbitmq"] as const;

const broker = sharedServer(PARTS, () => startRabbitMq());

const LOGIN = { login: "guest", passcode: "guest", host: false } as const;

/** Lines that it passes on as they are; `\xe9` is no UTF-8. */
const ODD = ["x:caf\xe9", "caf\xe9:x", "x:a\0b", ":x"];

/** Sends messages as raw bytes, in Latin-1, and waits until the broker has all. */
async function sendRaw(
  queue: string,
  messages: readonly (readonly [body: string, ...lines: string[]])[],
): Promise<void> {
  const port = broker().stompPort;
  const socket = await dial({ host: "127.0.0.1", port });
  const writer = socket.writable.getWriter();
  const write = (wire: string) =>
    writer.write(Uint8Array.from(wire, (char) => char.charCodeAt(0)));
  await write("CONNECT\nlogin:guest\npasscode:guest\naccept-version:1.2\n\n\0");
  for (const [body, ...lines] of messages) {
    const head = [`destination:${queue}`, ...lines].join("\n");
    await write(
      `SEND\n${head}\ncontent-length:${body.length}\n\n${body}\0`,
    );
  }
  await write("DISCONNECT\nreceipt:all\n\n\0");
  let said = "";
  for await (const chunk of socket.readable) {
    said += text(chunk);
    if (said.includes("receipt-id:all")) break;
  }
  assert.match(said, /receipt-id:all/);
  socket.close();
}

function newQueue(): string {
  return `/queue/${crypto.randomUUID()}`;
}

testWith(
  PARTS,
  "receive() files what RabbitMQ passes on with headers that cannot be read, and what comes after",
  async () => {
    await using stage = await Stage.open();
    const queue = newQueue();
    await sendRaw(queue, [
      ...ODD.map((line, n) => [`odd ${n}`, `empa-id:${n}`, line] as const),
      ["many", ...Array.from({ length: 300 }, (_, n) => `h${n}:v`)],
      ["long", `x:${"y".repeat(20_000)}`],
      ["good", "empa-id:good"],
    ]);
    await using receiver = await RunningReceiver.start(stage, [
      endpoint(broker().stompPort, LOGIN),
    ], { destination: queue, prefetch: 1 });
    await receiver.until(ODD.length + 3);
    await receiver.stop();
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(
      incoming.map(({ body }) => body),
      [...ODD.map((_, n) => `odd ${n}`), "many", "long", "good"],
    );
    assert.deepEqual(
      stage.complaints.map((line) => line.replace(/Message \S+/, "Message N")),
      stage.complaints.map((line) =>
        `WARNING Message N in ${queue} has ${
          /has (\d+)/.exec(line)![1]
        } headers that cannot be read or are over the limits: they are ignored.`
      ),
    );
    assert.ok(stage.complaints.length >= 5, stage.complaints.join("\n"));
  },
);

testWith(
  PARTS,
  "Ssm1IncomingCarrier files what RabbitMQ passes on with headers that cannot be read",
  async () => {
    await using stage = await Stage.open();
    const queue = newQueue();
    await sendRaw(queue, [
      ["odd", "ssm-msg-type:msg", "ssm-msg-id:caf\xe9"],
      ["good", "ssm-msg-type:msg", "ssm-msg-id:good"],
    ]);
    const { log, signal, dir } = stage;
    const incoming = await Ssm1Incoming.open(dir);
    const both = Promise.withResolvers<void>();
    let filed = 0;
    const done = receive({
      carrier: new Ssm1IncomingCarrier({
        endpoints: [endpoint(broker().stompPort, LOGIN)],
        destination: queue,
        certificates: () => [],
        received: { digestOf: contentDigest, forget: () => Promise.resolve() },
        log,
        clock: systemClock,
      }),
      envelope: plainEnvelope,
      incoming,
      reject: await Ssm1Reject.open(dir),
      log,
      signal,
      clock: systemClock,
      onFiled: ({ outcome }) => {
        assert.equal(outcome, "incoming");
        if (++filed === 2) both.resolve();
      },
    });
    await both.promise;
    stage.stop();
    await done;
  },
);

testWith(
  PARTS,
  "ReconnectingClient hands over what RabbitMQ passes on with a header that cannot be read",
  async () => {
    const queue = newQueue();
    await sendRaw(queue, [["odd", ODD[0]!, "y:z"], ["good"]]);
    await using client = new ReconnectingClient({
      ...LOGIN,
      dial: (signal) =>
        dial({ host: "127.0.0.1", port: broker().stompPort, signal }),
    });
    const seen: unknown[] = [];
    for await (const message of client.subscribe(queue)) {
      const { body, headers, trimmed } = message;
      seen.push([text(body), headers.get("y"), headers.has("x"), trimmed]);
      await message.ack({ receipt: true });
      if (seen.length === 2) break;
    }
    assert.deepEqual(seen, [
      ["odd", "z", false, { headers: 1, bodyBytes: 0 }],
      ["good", undefined, false, undefined],
    ]);
  },
);

testWith(
  PARTS,
  "receive() lets more messages stay in RabbitMQ than its window holds, and takes those behind them, again after a restart",
  async () => {
    await using stage = await Stage.open();
    const queue = newQueue();
    const large = (n: number) =>
      [`${n}`.padEnd(2000), `empa-id:l${n}`] as const;
    const good = (n: number) => [`good ${n}`, `empa-id:g${n}`] as const;
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    for (const round of [0, 1]) {
      await sendRaw(queue, [
        ...round === 0 ? numbers.map(large) : [],
        ...numbers.map((n) => good(100 * round + n)),
      ]);
      const receiver = await RunningReceiver.start(stage, [
        endpoint(broker().stompPort, {
          ...LOGIN,
          limits: { maxBodyBytes: 1000 },
          trimMessages: true,
        }),
      ], { destination: queue, prefetch: 16 });
      await receiver.until(numbers.length);
      await receiver.stop();
    }
    const bodies = (await stage.delivered("incoming")).map(({ body }) => body!);
    assert.deepEqual(
      bodies.toSorted(),
      [0, 100].flatMap((first) => numbers.map((n) => `good ${first + n}`))
        .toSorted(),
    );
    const told = new Set(
      stage.lines.filter((line) => line.startsWith("ERROR "))
        .map((line) => /^ERROR Message (l\d+) in .* stays/.exec(line)?.[1]),
    );
    assert.equal(told.size, numbers.length);
    // With a higher limit they all come.
    const later = await RunningReceiver.start(stage, [
      endpoint(broker().stompPort, LOGIN),
    ], { destination: queue });
    await later.until(numbers.length);
    await later.stop();
    assert.equal((await stage.delivered("incoming")).length, 120);
  },
);
