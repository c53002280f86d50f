import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import {
  sendAll,
  type SendAllOptions,
  Ssm2OutgoingCarrier,
} from "../../../../lib/ssm/mod.ts";
import { PlainDirectory } from "../../../../lib/spool/mod.ts";
import { FakeClock } from "../../../kit/fake_clock.ts";
import {
  confirm,
  sayGoodbye,
  ScriptedBroker,
  swallow,
  takeMessages,
  taking,
} from "../../../kit/net/scripted_broker.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { opener, RunningReceiver, sealer } from "../../../kit/receiving.ts";
import {
  bytes,
  endpoint,
  QUEUE,
  report,
  type SendChanges,
  Stage,
  text,
} from "../../../kit/stage.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { TestBroker } from "../../broker/harness.ts";

const HEADER = "APEL-summary-job-message: v0.2\n";

/** A record of 20 bytes. */
function record(number: number): string {
  return `Site: ${String(number).padStart(10, "0")}\n%%\n`;
}

/** A message with those records. */
function message(...numbers: number[]): string {
  return HEADER + numbers.map(record).join("");
}

/** Has room for two records. */
const LIMIT = message(1, 2).length;
const SPLIT: SendChanges = { maxMessageBytes: LIMIT, split: "records" };

function idsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}.${i + 1}of${count}`);
}

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

/** A carrier that takes no more bytes than that, or that does not want some messages. */
class OddCarrier extends Ssm2OutgoingCarrier {
  maxBodyBytes = Infinity;
  unwanted = /^$/;
  /** Is called when a message is confirmed. */
  confirmed = (_id: string) => {};

  override async send(id: string, message: { body: Uint8Array }) {
    if (this.unwanted.test(id)) {
      throw new SsmError("UNSENDABLE", `Cannot send message "${id}": unwanted`);
    }
    await super.send(id, message);
    this.confirmed(id);
  }
}

/** Runs a sender with a carrier of that kind. */
async function sendOver(
  stage: Stage,
  port: number,
  changes: Partial<SendAllOptions>,
  prepare: (carrier: OddCarrier) => void,
) {
  const { log, signal, outgoing: spool } = stage;
  await using carrier = new OddCarrier({
    endpoints: [endpoint(port)],
    destination: QUEUE,
    retryForMs: 0,
    clock: new FakeClock(),
    ...{ log, signal },
  });
  prepare(carrier);
  return await sendAll({
    envelope: { seal: (body) => Promise.resolve({ body }) },
    ...{ split: "records", spool, carrier, log, signal },
    ...changes,
  });
}

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
    assert.deepEqual(stage.complaints, [
      `ERROR Message ${bad} was not sent and stays in outgoing: ` +
      `Cannot send message "${bad}.2of5": unwanted`,
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
