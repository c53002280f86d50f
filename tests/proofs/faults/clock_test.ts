/**
 * A clock that is set forward and back by a day while the programs run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DirqSchema } from "../../../lib/spool/mod.ts";
import { TestBroker } from "../../kit/net/test_broker.ts";
import { Running, ssmCommand } from "../../kit/programs/program.ts";
import { AnsweringBroker, content } from "../../kit/net/answering_broker.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";

const test = siteTests();

/** The program whose clock can be set. */
function start(...args: string[]): Running {
  return new Running(
    ssmCommand(args, new URL("clock_main.ts", import.meta.url)),
  );
}

async function setClock(program: Running, way: "forward" | "back") {
  program.kill(way === "forward" ? "SIGUSR1" : "SIGUSR2");
  await program.line(/^The clock was set to /);
}

test("ssm receive loses neither messages nor its connection when the clock is set forward and back", async (site) => {
  await using broker = await TestBroker.start();
  const config = await site.receiver(broker.port);
  await using receiver = start("receive", "-c", config);
  await receiver.line(/Subscribing to: /);
  const client = await broker.connect();
  const send = async (id: string) => {
    const body = await site.sign(site.pki.ec, `payload ${id}`);
    await client.confirmed(
      "SEND",
      { destination: "/queue/test", "empa-id": id },
      body,
    );
    return await receiver.line(/Message (saved to|was received before)/);
  };
  assert.match(await send("1"), /saved to incoming/);
  await setClock(receiver, "forward");
  assert.match(await send("2"), /saved to incoming/);
  assert.match(await send("1"), /was received before/);
  await setClock(receiver, "back");
  assert.match(await send("3"), /saved to incoming/);
  assert.match(await send("2"), /was received before/);
  client.close();
  await receiver.stop();
  const connections = (await site.log())
    .filter((line) => line.endsWith("INFO - Connected."));
  assert.equal(connections.length, 1);
});

/** Files to be sent, in whichever kind of directory. */
async function put(site: Site, path_type: string): Promise<void> {
  const names = ["1", "2", "3", "4"];
  if (path_type === "dirq") return void await site.drop(...names);
  for (const name of names) {
    await Deno.writeTextFile(`${site.outgoing}/${name}`, name);
  }
}

for (const path_type of ["dirq", "directory"]) {
  test(`ssm send sends each message once though the clock is set forward and back (${path_type})`, async (site) => {
    await put(site, path_type);
    const ids: string[] = [];
    const { promise: sender, resolve: started } = Promise.withResolvers<
      Running
    >();
    await using broker = await AnsweringBroker.start(async (frame, peer) => {
      if (frame.command === "SEND") {
        ids.push(frame.headers.get("empa-id")!);
        if (ids.length === 2) await setClock(await sender, "forward");
        if (ids.length === 3) await setClock(await sender, "back");
      }
      await content(frame, peer);
    });
    const config = await site.sender(broker.port, {
      messaging: { path_type, min_file_age: 0 },
    });
    await using program = start("send", "-c", config);
    started(program);
    assert.equal((await program.end()).status, 0);
    assert.equal(new Set(ids).size, 4);
    assert.equal(ids.length, 4);
  });

  test(`ssm send whose clock is a day ahead takes a lock over, and the message keeps its name (${path_type})`, async (site) => {
    await put(site, path_type);
    const messaging = { path_type, min_file_age: 0, path: site.outgoing };
    const ids: string[] = [];
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    const { promise: taken, resolve: release } = Promise.withResolvers<void>();
    await using slow = await AnsweringBroker.start(async (frame, peer) => {
      if (frame.command === "SEND") {
        ids.push(frame.headers.get("empa-id")!);
        hold();
        await taken;
      }
      await content(frame, peer);
    });
    await using quick = await AnsweringBroker.start(async (frame, peer) => {
      if (frame.command === "SEND") ids.push(frame.headers.get("empa-id")!);
      await content(frame, peer);
    });
    await using first = start(
      ...["send", "-c", await site.sender(slow.port, { messaging })],
    );
    await held;
    await using other = await site.another();
    await using second = start(
      ...["ahead", "send", "-c", await other.sender(quick.port, { messaging })],
    );
    assert.equal((await second.end()).status, 0);
    release();
    await first.end();
    // Twice at most, under one name: the receiver knows it the second time.
    const counts = Map.groupBy(ids, (id) => id);
    assert.equal(counts.size, 4);
    for (const sent of counts.values()) assert.ok(sent.length <= 2);
    const left = Array.from(Deno.readDirSync(site.outgoing))
      .filter(({ name, isFile }) => isFile && !name.startsWith("."));
    assert.deepEqual(left, []);
  });
}

Deno.test("DirqSchema remembers the last messages, also after the clock was put back", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const queue = await DirqSchema.open(`${dir}/queue`, {
      ledgerDirectory: `${dir}/ledger`,
      remembered: 8,
    });
    const deliver = async (key: string) =>
      await (await queue.prepare({ key, fields: { body: key } }))?.commit();
    for (let i = 0; i < 6; i++) await deliver(`ahead ${i}`);
    for (const { name } of Deno.readDirSync(`${dir}/ledger`)) {
      const touched = await new Deno.Command("touch", {
        args: ["-h", "-d", "tomorrow", `${dir}/ledger/${name}`],
      }).output();
      assert.ok(touched.success);
    }
    for (let i = 0; i < 4; i++) await deliver(`after ${i}`);
    for (let i = 0; i < 4; i++) {
      assert.equal(await deliver(`after ${i}`), undefined, `after ${i}`);
    }
    const entries = Array.from(Deno.readDirSync(`${dir}/ledger`));
    assert.ok(entries.length <= 8, `${entries.length}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
