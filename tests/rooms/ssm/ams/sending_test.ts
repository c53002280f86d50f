/**
 * The sender's carrier of the messaging service, message by message.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import { sendAll } from "../../../../lib/ssm/mod.ts";
import { report } from "../../../kit/stage.ts";
import { Sender } from "./sender.ts";

Deno.test("opening the carrier asks nothing of the service, and an empty spool does not even open it", async () => {
  await using sender = await Sender.open();
  assert.deepEqual(sender.service.calls, []);
  assert.deepEqual(sender.stage.lines, [
    "INFO Will connect to ams.example.org",
    "INFO Will send messages to: gLite-APEL",
  ]);
  await sender.carrier.close();
  const { log, signal, outgoing: spool } = sender.stage;
  await sendAll({
    ...{ spool, log, signal, carrier: sender.carrier },
    envelope: { seal: (body) => Promise.resolve({ body }) },
  });
  assert.equal(sender.service.open, 0);
});

Deno.test("what waits while a call is under way makes up the next, in order and within the limits", async () => {
  await using sender = await Sender.open({ batchMessages: 3 });
  let underWay = 0;
  sender.service.before = async () => {
    assert.equal(++underWay, 1);
    await new Promise((resolve) => setTimeout(resolve));
    underWay--;
  };
  const first = sender.send("1");
  await Promise.resolve();
  const fates = await sender.send("2", "3", "4", "5");
  assert.deepEqual({ ...await first, ...fates }, {
    "1": "Argo ID: 0",
    "2": "Argo ID: 1",
    "3": "Argo ID: 2",
    "4": "Argo ID: 3",
    "5": "Argo ID: 4",
  });
  assert.deepEqual(sender.service.asked("publish").flat(), [
    ..."12345",
  ]);
  assert.deepEqual(
    sender.service.asked("publish").map((asked) => (asked as string[]).length),
    [1, 3, 1],
  );
});

Deno.test("a call carries no more bytes than the limit, but one message goes in any case", async () => {
  await using sender = await Sender.open({ batchBytes: 5000 });
  const [small, large] = ["s".repeat(1000), "l".repeat(9000)];
  await sender.send(small, small + "2", small + "3", large, small + "4");
  assert.deepEqual(
    sender.service.asked("publish").map((asked) =>
      (asked as string[]).map((text) => text.length)
    ),
    [[1000, 1001, 1001], [9000], [1001]],
  );
});

Deno.test("the largest body that it says to take fits, whatever the name", async () => {
  await using sender = await Sender.open({ messageLimit: 20_000 });
  const send = (bytes: number) =>
    sender.carrier.send("n".repeat(200), { body: new Uint8Array(bytes) })
      .then(() => "sent", ({ code }) => code);
  const most = sender.carrier.maxBodyBytes;
  assert.ok(most > 14_000, `${most}`);
  assert.equal(await send(most), "sent");
  assert.equal(await send(most + 3), "UNSENDABLE");
});

Deno.test("a message over the limit is never sent, and its size and the limit are said", async () => {
  await using sender = await Sender.open({ messageLimit: 2000 });
  const [fate, ...others] = await Promise.all([
    sender.carrier.send("large", { body: new Uint8Array(3000) })
      .catch((error) => error),
    sender.fate("id/1", "1"),
  ]);
  assert.ok(fate instanceof SsmError);
  assert.equal(fate.code, "UNSENDABLE");
  assert.match(
    fate.message,
    /^Cannot send message "large": AMS would store 4\d\d\d bytes, the limit is 2000$/,
  );
  assert.ok(fate.hint);
  assert.deepEqual(others, ["Argo ID: 0"]);
  assert.deepEqual(sender.service.asked("publish"), [["1"]]);
});

for (
  const name of [
    'b"b',
    "a\\b",
    "line\nend",
    "Málaga",
    "",
    "n".repeat(201),
    "a b",
    "a\u0000b",
  ]
) {
  Deno.test(`a name that AMS would not keep is replaced by the same id each time: ${JSON.stringify(name.slice(0, 20))}`, async () => {
    await using sender = await Sender.open();
    await sender.fate(name, "1");
    await sender.fate(name, "2");
    await sender.fate(`${name}"`, "3");
    const empaids = sender.service.stored.map(({ attributes }) =>
      attributes.get("empaid")!
    );
    const [first = "", second, other] = empaids;
    assert.equal(first, second);
    assert.notEqual(first, other);
    assert.match(first, /^[A-Za-z0-9._-]{1,85}$/);
    assert.ok(
      sender.stage.lines.some((line) =>
        line.includes(name) && line.includes(first)
      ),
    );
  });
}

Deno.test("names of a dirq and usual names of files travel as they are", async () => {
  await using sender = await Sender.open();
  const names = ["6b001084/6b00108f8b1b7c", "report-1.2_x.1of3", "ping"];
  for (const name of names) await sender.fate(name, "1");
  assert.deepEqual(
    sender.service.stored.map(({ attributes }) => attributes.get("empaid")),
    names,
  );
});

Deno.test("the log of a run is that of the original: each message with its Argo ID, in order", async () => {
  await using sender = await Sender.open();
  const { stage, carrier } = sender;
  const names = await stage.put("1", "2", "3");
  const { log, signal, outgoing: spool } = stage;
  assert.deepEqual(
    await sendAll({
      ...{ spool, log, signal, carrier, window: 10 },
      envelope: { seal: (body) => Promise.resolve({ body }) },
    }),
    report({ found: 3, sent: 3 }),
  );
  assert.deepEqual(
    stage.lines.filter((line) => / Sent /.test(line)),
    names.map((name, index) => `INFO Sent ${name}, Argo ID: ${index}`),
  );
  assert.deepEqual(await stage.left(), { elements: [], locks: [] });
});

Deno.test("once closed, nothing is sent", async () => {
  await using sender = await Sender.open();
  await sender.carrier.close();
  assert.deepEqual(await sender.send("1"), { "1": "ABORTED" });
});

Deno.test("an id of the service that is longer than any real one is cut in the log", async () => {
  await using sender = await Sender.open({
    connect: () => ({
      publish: () => Promise.resolve(["7".repeat(100_000)]),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  });
  assert.deepEqual(await sender.send("1"), {
    "1": `Argo ID: ${"7".repeat(255)}`,
  });
});
