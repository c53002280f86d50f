import assert from "node:assert/strict";
import { ssm } from "../../../kit/programs/program.ts";
import { AnsweringBroker, content } from "../../../kit/net/answering_broker.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

const COUNT = 30;

/** A broker that lets nobody in before `count` clients ask; notes every `empa-id` it is sent. */
async function gathering(
  count: number,
): Promise<{ broker: AnsweringBroker; ids: string[] }> {
  const ids: string[] = [];
  const all = Promise.withResolvers<void>();
  let waiting = 0;
  const broker = await AnsweringBroker.start(async (frame, peer) => {
    if (frame.command === "CONNECT") {
      if (++waiting === count) all.resolve();
      await all.promise;
    }
    if (frame.command === "SEND") ids.push(frame.headers.get("empa-id") ?? "");
    await content(frame, peer);
  });
  return { broker, ids };
}

/** Two senders, both of which have seen all messages before either sends one. */
async function sendTwice(
  site: Site,
  messaging: Record<string, string>,
): Promise<string[]> {
  const { broker, ids } = await gathering(2);
  await using _ = broker;
  await using other = await site.another();
  const path = site.outgoing;
  const configs = [
    await site.sender(broker.port, { messaging: { ...messaging, path } }),
    await other.sender(broker.port, { messaging: { ...messaging, path } }),
  ];
  const outcomes = await Promise.all(
    configs.map((config) => ssm(["send", "-c", config])),
  );
  for (const { status, stderr } of outcomes) {
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  }
  return ids.sort();
}

test("two ssm send at once send each message of a dirq once", async (site) => {
  const messages = Array.from({ length: COUNT }, (_, i) => `message ${i}`);
  const names = await site.drop(...messages);
  assert.deepEqual(await sendTwice(site, {}), names.sort());
  assert.deepEqual(await site.waiting(), []);
});

test("two ssm send at once send each file of a directory once", async (site) => {
  const names = Array.from({ length: COUNT }, (_, i) => `file ${100 + i}`);
  for (const name of names) await site.write(`outgoing/${name}`, name);
  const messaging = { path_type: "directory", min_file_age: "0" };
  assert.deepEqual(await sendTwice(site, messaging), names);
  const left = Array.from(Deno.readDirSync(site.outgoing), ({ name }) => name);
  assert.deepEqual(left.filter((name) => !name.startsWith(".")), []);
});
