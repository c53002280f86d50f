import assert from "node:assert/strict";
import { SsmError } from "../../lib/errors.ts";
import {
  DirqSimple,
  type OutgoingSpool,
  PlainDirectory,
} from "../../lib/spool/mod.ts";
import type { Endpoint, SendReport } from "../../lib/ssm/mod.ts";
import { TestBroker } from "../broker/harness.ts";
import { freePorts } from "../helpers/free_port.ts";
import type { Script } from "../stomp/peer.ts";
import {
  confirm,
  sayGoodbye,
  ScriptedBroker,
  takeMessages,
} from "./scripted_broker.ts";
import { bytes, endpoint, QUEUE, Stage, text } from "./stage.ts";

/** Confirms so many messages. */
function taking(count: number): Script {
  return async (peer) => {
    await peer.welcome();
    await takeMessages(peer, count);
    await sayGoodbye(peer);
  };
}

/** A report; what is not named is 0. */
function report(counts: Partial<SendReport>): SendReport {
  return { found: 0, sent: 0, locked: 0, failed: 0, ...counts };
}

/** Seals at once, and writes down when. */
function notingEnvelope(stage: Stage, onSealed = (_payload: string) => {}) {
  return {
    seal: (payload: Uint8Array) => {
      stage.lines.push(`sealed ${text(payload)}`);
      onSealed(text(payload));
      return Promise.resolve(payload);
    },
  };
}

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

Deno.test("sendAll() reports and skips what is empty or too large; the others go", async () => {
  await using stage = await Stage.open();
  const [empty, one, large, two] = await stage.put("", "1", "x".repeat(9), "2");
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    assert.deepEqual(await takeMessages(peer, 2), [one, two]);
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint], { maxMessageBytes: 8 });
  assert.deepEqual(sent, report({ found: 4, sent: 2, failed: 2 }));
  assert.deepEqual(await stage.left(), { elements: [empty, large], locks: [] });
  assert.deepEqual(stage.complaints, [
    `ERROR Message ${empty} was not sent and stays in outgoing: ` +
    `Cannot send message "${empty}": the file is empty`,
    `ERROR Message ${large} was not sent and stays in outgoing: ` +
    `Cannot send message "${large}": it has 9 bytes, the limit is 8`,
  ]);
  assert.ok(!stage.lines.includes("INFO Tidying message directory."));
});

Deno.test("sendAll() reports and skips what cannot be sealed; the others go", async () => {
  await using stage = await Stage.open();
  const [bad, good] = await stage.put("bad", "good");
  const envelope = {
    seal: (payload: Uint8Array) =>
      text(payload) === "bad"
        ? Promise.reject(new SsmError("KEY", "Cannot sign message: no key"))
        : Promise.resolve(payload),
  };
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    assert.deepEqual(await takeMessages(peer, 1), [good]);
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint], { envelope });
  assert.deepEqual(sent, report({ found: 2, sent: 1, failed: 1 }));
  assert.deepEqual(await stage.left(), { elements: [bad], locks: [] });
});

Deno.test("sendAll() leaves locked elements alone and counts them", async () => {
  await using stage = await Stage.open();
  const [locked] = await stage.put("locked", "free");
  await using held = await stage.outgoing.lock(locked!);
  assert.ok(held);
  await using broker = await ScriptedBroker.start(taking(1));
  const sent = await stage.send([broker.endpoint]);
  assert.deepEqual(sent, report({ found: 2, sent: 1, locked: 1 }));
  assert.deepEqual(stage.complaints, [
    `WARNING Message was locked. ${locked} will not be sent.`,
  ]);
  assert.ok(stage.lines.includes("INFO Tidying message directory."));
  assert.deepEqual(await stage.left(), {
    elements: [locked],
    locks: [`${locked}.lck`],
  });
});

Deno.test("sendAll() sends each file once, however many senders share the directory", async () => {
  await using stage = await Stage.open();
  const texts = Array.from({ length: 40 }, (_, index) => `text ${index}`);
  await stage.put(...texts);
  await using broker = await TestBroker.start();
  const reports = await Promise.all([1, 2, 3].map(() => {
    const spool = new DirqSimple(stage.outgoingDir);
    return stage.send([endpoint(broker.port)], { spool, window: 4 });
  }));
  assert.equal(reports.reduce((sum, { sent }) => sum + sent, 0), 40);
  assert.equal(broker.broker.stats().messagesIn, 40);
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
});

Deno.test("sendAll() takes over a lock that a crash left", async () => {
  await using stage = await Stage.open();
  const [name] = await stage.put("stale");
  const path = `${stage.outgoingDir}/${name}`;
  await Deno.link(path, `${path}.lck`);
  const longAgo = new Date(Date.now() - 11 * 60_000);
  await Deno.utime(path, longAgo, longAgo);
  await using broker = await ScriptedBroker.start(taking(1));
  const sent = await stage.send([broker.endpoint]);
  assert.deepEqual(sent, report({ found: 1, sent: 1 }));
});

Deno.test("sendAll() skips what vanishes or turns out to be no file after it was listed", async () => {
  await using stage = await Stage.open();
  const texts = ["1", "2", "3", "4", "vanishes", "link", "7"];
  const names = await stage.put(...texts);
  const [vanishing, link] = names.slice(4, 6)
    .map((name) => `${stage.outgoingDir}/${name}`);
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const headers = await peer.expect("SEND");
    // Only three more are locked while the first is unconfirmed.
    await Deno.remove(vanishing!);
    await Deno.remove(link!);
    await Deno.symlink("/etc/hostname", link!);
    await confirm(peer, headers);
    assert.deepEqual(
      await takeMessages(peer, 4),
      [...names.slice(1, 4), names[6]],
    );
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint]);
  assert.deepEqual(sent, report({ found: 7, sent: 5, locked: 1, failed: 1 }));
});

Deno.test("sendAll() says so when a sent element cannot be removed", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("stays", "goes");
  const path = `${stage.outgoingDir}/${names[0]}`;
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const headers = await peer.expect("SEND");
    await Deno.remove(path);
    await Deno.mkdir(`${path}/full`, { recursive: true });
    await confirm(peer, headers);
    await takeMessages(peer, 1);
    await sayGoodbye(peer);
  });
  const sent = await stage.send([broker.endpoint]);
  assert.deepEqual(sent, report({ found: 2, sent: 2, failed: 1 }));
  assert.match(
    stage.complaints.join("\n"),
    /^ERROR Message \S+ was sent but cannot be removed, so it will be sent again: /,
  );
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
});

Deno.test("sendAll() goes on when an element cannot be unlocked", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("", "goes");
  const lock = `${stage.outgoingDir}/${names[0]}.lck`;
  const replaceLock = async () => {
    await Deno.remove(lock);
    await Deno.mkdir(`${lock}/full`, { recursive: true });
  };
  const spool: OutgoingSpool = {
    list: () => stage.outgoing.list(),
    tidy: () => stage.outgoing.tidy(),
    lock: async (name) => {
      const entry = await stage.outgoing.lock(name);
      if (name === names[0]) await replaceLock();
      return entry;
    },
  };
  await using broker = await ScriptedBroker.start(taking(1));
  const sent = await stage.send([broker.endpoint], { spool });
  assert.deepEqual(sent, report({ found: 2, sent: 1, failed: 1 }));
  assert.match(stage.complaints[1]!, /^ERROR Message \S+ stays locked: /);
});

Deno.test("sendAll() sends although the directory cannot be tidied", async () => {
  await using stage = await Stage.open();
  await stage.put("one");
  const spool: OutgoingSpool = {
    list: () => stage.outgoing.list(),
    lock: (name) => stage.outgoing.lock(name),
    tidy: () => Promise.reject(new SsmError("SPOOL", "Cannot tidy: busy")),
  };
  await using broker = await ScriptedBroker.start(taking(1));
  const sent = await stage.send([broker.endpoint], { spool });
  assert.deepEqual(sent, report({ found: 1, sent: 1 }));
  assert.deepEqual(stage.complaints, [
    "WARNING Tidying failed: Cannot tidy: busy",
    "WARNING Tidying failed: Cannot tidy: busy",
  ]);
});

Deno.test("sendAll() refuses a name that no header can carry; the others go", async () => {
  await using stage = await Stage.open();
  const path = `${stage.dir}/plain`;
  await Deno.mkdir(path);
  await Deno.writeFile(`${path}/a\nb`, bytes("one"));
  await Deno.writeFile(`${path}/usage: v1\\2`, bytes("two"));
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome("1.0");
    assert.deepEqual(await takeMessages(peer, 1), ["usage: v1\\2"]);
    await sayGoodbye(peer);
  });
  const spool = new PlainDirectory(path, { minAgeMs: 0 });
  const sent = await stage.send([broker.endpoint], { spool });
  assert.deepEqual(sent, report({ found: 2, sent: 1, failed: 1 }));
  const names = Array.from(Deno.readDirSync(path), ({ name }) => name);
  assert.deepEqual(names.filter((name) => !name.startsWith(".")), ["a\nb"]);
});

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
