import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import {
  DirqSimple,
  type OutgoingSpool,
  PlainDirectory,
} from "../../../../lib/spool/mod.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import {
  confirm,
  sayGoodbye,
  ScriptedBroker,
  takeMessages,
  taking,
} from "../../../kit/net/scripted_broker.ts";
import { endpoint, notingEnvelope, report, Stage } from "../../../kit/stage.ts";
import { bytes, text } from "../../../kit/text.ts";

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
        : Promise.resolve({ body: payload }),
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

Deno.test("sendAll() renews its lock on a file before it sends it", async () => {
  await using stage = await Stage.open();
  const names = await stage.put("one", "two");
  const lock = `${stage.outgoingDir}/${names[1]}.lck`;
  const { promise: ahead, resolve } = Promise.withResolvers<void>();
  const envelope = notingEnvelope(stage, (payload) => {
    if (payload === "two") resolve();
  });
  let renewed: Date | null = null;
  await using broker = await ScriptedBroker.start(async (peer) => {
    await peer.welcome();
    const headers = await peer.expect("SEND");
    await ahead;
    await Deno.utime(lock, 1, 1);
    await confirm(peer, headers);
    const next = await peer.expect("SEND");
    renewed = (await Deno.stat(lock)).mtime;
    await confirm(peer, next);
    await sayGoodbye(peer);
  });
  await stage.send([broker.endpoint], { envelope });
  assert.ok(renewed! > new Date(1000), `${renewed}`);
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
