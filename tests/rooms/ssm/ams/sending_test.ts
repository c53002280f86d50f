/**
 * The sender's carrier of the messaging service, message by message.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import {
  AmsOutgoingCarrier,
  type AmsOutgoingOptions,
  sendAll,
} from "../../../../lib/ssm/mod.ts";
import { FakeClock } from "../../../kit/fake_clock.ts";
import { bytes, report, Stage } from "../../../kit/stage.ts";
import { amsError, type Call, Service } from "./service.ts";

type Changes = Partial<AmsOutgoingOptions>;

/** A carrier that is open, and waits without taking time. */
class Sender implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly service = new Service(this.clock);
  readonly stage: Stage;
  readonly carrier: AmsOutgoingCarrier;

  private constructor(stage: Stage, changes: Changes) {
    this.stage = stage;
    this.carrier = new AmsOutgoingCarrier({
      connect: () => this.service.topic(),
      host: "ams.example.org",
      destination: "gLite-APEL",
      retryForMs: 60_000,
      signal: stage.signal,
      log: stage.log,
      clock: this.clock,
      random: () => 0.5,
      ...changes,
    });
  }

  static async open(changes: Changes = {}): Promise<Sender> {
    const sender = new Sender(await Stage.open(), changes);
    await sender.carrier.open();
    return sender;
  }

  /** Sends each text under the name `id/<text>`; what became of them, by their texts. */
  async send(...texts: string[]): Promise<Record<string, string>> {
    const fates = await Promise.all(
      texts.map(async (text) => [text, await this.fate(`id/${text}`, text)]),
    );
    return Object.fromEntries(fates);
  }

  async fate(name: string, text: string): Promise<string> {
    try {
      return await this.carrier.send(name, { body: bytes(text) });
    } catch (error) {
      assert.ok(error instanceof SsmError, String(error));
      return error.code;
    }
  }

  /** What is stored, as `empaid: text`. */
  get stored(): string[] {
    return this.service.stored.map(({ attributes, data }) => {
      assert.ok("bytes" in data);
      return `${attributes.get("empaid")}: ${
        new TextDecoder().decode(data.bytes)
      }`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.carrier.close();
    assert.equal(this.service.open, 0);
    await this.stage[Symbol.asyncDispose]();
  }
}

/** Fails calls that match, for as long as `left` says. */
function failing(
  when: (call: Call) => boolean,
  error: () => Error,
  left = Infinity,
): (call: Call) => void {
  return (call) => {
    if (left > 0 && when(call)) {
      left--;
      throw error();
    }
  };
}

const texts = ({ asked }: Call) => asked as readonly string[];
const isBatch = (call: Call) => texts(call).length > 1;
const has = (text: string) => (call: Call) => texts(call).includes(text);

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

Deno.test("a batch that fails is taken apart: each message is sent alone, again under the same name", async () => {
  await using sender = await Sender.open();
  // Two are stored, then something fails.
  sender.service.before = failing(isBatch, () => {
    sender.service.put("1", "2");
    return amsError("unavailable", 500);
  });
  const fates = await sender.send("1", "2", "3");
  assert.deepEqual(Object.values(fates), [
    "Argo ID: 2",
    "Argo ID: 3",
    "Argo ID: 4",
  ]);
  assert.deepEqual(sender.stored, [
    "id/1: 1",
    "id/2: 2",
    "id/1: 1",
    "id/2: 2",
    "id/3: 3",
  ]);
  assert.deepEqual(sender.clock.slept, [1000]);
});

for (
  const [what, error] of [
    ["no connection", () => new SsmError("CONNECT", "Cannot connect")],
    ["503", () => amsError("unavailable", 503)],
    ["429", () => amsError("unavailable", 429)],
  ] as const
) {
  Deno.test(`a batch of which nothing is stored is sent again as it is: ${what}`, async () => {
    await using sender = await Sender.open();
    sender.service.before = failing(() => true, error, 2);
    await sender.send("1", "2", "3");
    assert.equal(sender.service.calls.length, 3);
    assert.deepEqual(sender.stored, ["id/1: 1", "id/2: 2", "id/3: 3"]);
    assert.deepEqual(sender.clock.slept, [1000, 2000]);
  });
}

Deno.test("an answer with another number of ids says nothing: each is sent again", async () => {
  await using sender = await Sender.open();
  const topic = sender.service.topic();
  const carrier = new AmsOutgoingCarrier({
    connect: () => ({
      ...topic,
      publish: async (messages, signal) => {
        const ids = await topic.publish(messages, signal);
        return messages.length > 1 ? ids.slice(1) : ids;
      },
    }),
    host: "",
    destination: "",
    retryForMs: 60_000,
    signal: sender.stage.signal,
    log: sender.stage.log,
    clock: sender.clock,
  });
  await carrier.open();
  const ids = await Promise.all(
    ["1", "2"].map((text) => carrier.send(text, { body: bytes(text) })),
  );
  assert.deepEqual(ids, ["Argo ID: 2", "Argo ID: 3"]);
  await carrier.close();
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
  const [kind, status] of [
    ["too large", 413],
    ["too large", 500],
    ["invalid", 400],
  ] as const
) {
  Deno.test(`only the message that the service does not want is skipped: ${status} ${kind}`, async () => {
    await using sender = await Sender.open();
    sender.service.before = failing(has("3"), () => amsError(kind, status));
    const fates = await sender.send("1", "2", "3", "4", "5");
    assert.equal(fates["3"], "UNSENDABLE");
    assert.deepEqual(sender.stored, [
      "id/1: 1",
      "id/2: 2",
      "id/4: 4",
      "id/5: 5",
    ]);
    assert.deepEqual(sender.clock.slept, []);
  });
}

for (
  const [kind, status] of [
    ["unauthorized", 401],
    ["unregistered", 404],
    ["forbidden", 403],
    ["not found", 404],
    ["conflict", 409],
    ["redirected", 302],
  ] as const
) {
  Deno.test(`a refusal that concerns all messages ends the run at once: ${kind}`, async () => {
    await using sender = await Sender.open();
    const hint = "ask somebody";
    sender.service.before = failing(
      () => true,
      () => amsError(kind, status, kind, { hint }),
    );
    const fates = await sender.send("1", "2");
    assert.deepEqual(fates, { "1": "AMS_ERROR", "2": "AMS_ERROR" });
    assert.equal(sender.service.calls.length, 1);
    assert.deepEqual(await sender.send("3"), { "3": "AMS_ERROR" });
    assert.equal(sender.service.calls.length, 1);
    // Another run begins anew, with the same connections.
    sender.service.before = () => {};
    await sender.carrier.open();
    assert.deepEqual(await sender.send("4"), { "4": "Argo ID: 0" });
    assert.equal(sender.service.open, 1);
  });
}

Deno.test("while the service is away it is tried again with growing pauses, then given up", async () => {
  await using sender = await Sender.open({ retryForMs: 20_000 });
  sender.service.before = failing(
    () => true,
    () => new SsmError("CONNECT", "Cannot connect: refused"),
  );
  assert.deepEqual(await sender.send("1"), { "1": "CONNECT" });
  assert.deepEqual(sender.clock.slept, [1000, 2000, 4000, 8000]);
  assert.deepEqual(sender.stage.complaints.slice(0, 1), [
    "WARNING Lost connection. Cannot connect: refused",
  ]);
});

Deno.test("a success gives all the time back, and the service may ask for a longer pause", async () => {
  await using sender = await Sender.open({ retryForMs: 10_000 });
  const trouble = () =>
    failing(
      () => true,
      () => amsError("unavailable", 503, "busy", { retryAfterMs: 9000 }),
      1,
    );
  for (const text of ["1", "2", "3"]) {
    sender.service.before = trouble();
    assert.match((await sender.send(text))[text]!, /^Argo/);
  }
  assert.deepEqual(sender.clock.slept, [9000, 9000, 9000]);
});

Deno.test("one message that the service can never store does not hold up the others", async () => {
  await using sender = await Sender.open({ retryForMs: 10_000 });
  sender.service.before = failing(
    has("2"),
    () => amsError("unavailable", 500, "Backend Error"),
  );
  const fates = await sender.send("1", "2", "3", "4");
  assert.equal(fates["2"], "UNSENDABLE");
  assert.deepEqual(sender.stored, ["id/1: 1", "id/3: 3", "id/4: 4"]);
});

Deno.test("when the next message does not get through either, the service is at fault, not the message", async () => {
  await using sender = await Sender.open({ retryForMs: 10_000 });
  sender.service.before = failing(
    () => true,
    () => amsError("unavailable", 500, "Backend Error"),
  );
  const fates = await sender.send("1", "2", "3");
  assert.deepEqual(Object.values(fates), Array(3).fill("AMS_ERROR"));
});

Deno.test("with no time for trying again a batch is still taken apart", async () => {
  await using sender = await Sender.open({ retryForMs: 0 });
  sender.service.before = failing(
    has("2"),
    () => amsError("unavailable", 500, "Backend Error"),
  );
  const fates = await sender.send("1", "2", "3");
  assert.equal(fates["2"], "UNSENDABLE");
  assert.deepEqual(sender.stored, ["id/1: 1", "id/3: 3"]);
});

Deno.test("a stop lets the call that is under way end, and begins no other", async () => {
  await using sender = await Sender.open({ batchMessages: 2 });
  sender.service.before = () => sender.stage.stop();
  const fates = await sender.send("1", "2", "3");
  assert.deepEqual(Object.values(fates), [
    "Argo ID: 0",
    "Argo ID: 1",
    "ABORTED",
  ]);
});

Deno.test("a stop ends the pause between two attempts", async () => {
  await using sender = await Sender.open();
  sender.service.before = () => {
    sender.stage.stop();
    throw new SsmError("CONNECT", "Cannot connect");
  };
  assert.deepEqual(await sender.send("1"), { "1": "ABORTED" });
  assert.equal(sender.service.calls.length, 1);
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
