import assert from "node:assert/strict";
import { openssl } from "../../../peers/openssl/openssl.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { verifyMessage } from "../../../../lib/smime/mod.ts";
import { type Clock, systemClock } from "../../../../lib/time/mod.ts";
import { ShiftedClock } from "../../../kit/clocks.ts";
import { opener, RunningReceiver, sealed } from "../../../kit/receiving.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes, text } from "../../../kit/text.ts";

const PARTS = ["openssl"] as const;

const pki = sharedServer(PARTS, testPki);

/** Sends messages by their ids, in order, and receives all of them; what became of them. */
async function exchange(
  stage: Stage,
  messages: readonly (readonly [id: string | undefined, body: Uint8Array])[],
  clock: Clock = systemClock,
): Promise<string[]> {
  await using broker = await TestBroker.start();
  await using receiver = await RunningReceiver.start(stage, [
    endpoint(broker.port),
  ], {
    envelope: opener(pki()),
    incoming: await stage.delivery("incoming", { clock }),
  });
  await using sender = await endpoint(broker.port).connect(stage.signal);
  for (const [id, body] of messages) {
    const headers = id === undefined ? {} : { "empa-id": id };
    await sender.send(QUEUE, body, { headers, receipt: true });
  }
  const outcomes = await receiver.until(messages.length);
  await receiver.stop();
  return outcomes;
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

/** The same message under another MIME boundary, which nothing signs. */
function rebound(message: Uint8Array, digit: string): Uint8Array {
  const old = /boundary="(-{4}[0-9A-F]{32})"/.exec(text(message))![1]!;
  return bytes(text(message).replaceAll(old, `----${digit.repeat(32)}`));
}

/** What the Python original sends for a text: `openssl smime -sign -text`, and encrypted if wanted. */
async function pythonSealed(
  payload: string,
  encrypted = false,
): Promise<Uint8Array> {
  const { host, server } = pki();
  const signed = await openssl([
    ...["smime", "-sign", "-text", "-signer", host.certificatePath],
    ...["-inkey", host.keyPath],
  ], { stdin: payload });
  if (!encrypted) return signed;
  const encrypt = ["smime", "-encrypt", "-aes128", server.certificatePath];
  return await openssl(encrypt, { stdin: signed });
}

/** Two messages that were signed within one second, so that they have one signature. */
async function twins(): Promise<[Uint8Array, Uint8Array]> {
  const statement = async (message: Uint8Array) =>
    (await verifyMessage(message)).signing.statement;
  for (;;) {
    const [one, two] = [await pythonSealed("same"), await pythonSealed("same")];
    // A second may have ended between them.
    if (await statement(one) === await statement(two)) return [one, two];
  }
}

for (const signer of ["host", "ec"] as const) {
  for (const encrypted of [false, true]) {
    const how = encrypted ? "signed and encrypted" : "signed";
    testWith(
      PARTS,
      `receive() files once what we have ${how} with the key of ${signer}, whatever headers it comes with`,
      async () => {
        await using stage = await Stage.open();
        const { [signer]: credentials, server } = pki();
        const recipient = encrypted ? server : undefined;
        const message = await sealed(bytes("a record"), credentials, recipient);
        const replays = [message];
        if (!encrypted) {
          replays.push(...["0", "1"].map((d) => rebound(message, d)));
        }
        const sent = replays.flatMap((body) =>
          ["a", "b", undefined, "c"].map((id) => [id, body] as const)
        );
        const [first, ...others] = await exchange(stage, sent);
        assert.equal(first, "incoming");
        assert.deepEqual(others, times(others.length, "duplicate"));
        // Also after a restart.
        assert.deepEqual(await exchange(stage, [["d", message]]), [
          "duplicate",
        ]);
        const incoming = await stage.delivered("incoming");
        assert.deepEqual(incoming.map(({ empaid }) => empaid), ["a"]);
      },
    );
  }
}

testWith(
  PARTS,
  "receive() files equal messages of ours, and once what we sign again for a second transmission",
  async () => {
    await using stage = await Stage.open();
    const sealAgain = () => sealed(bytes("same"), pki().host);
    const [a, b, again] = [
      await sealAgain(),
      await sealAgain(),
      await sealAgain(),
    ];
    assert.deepEqual(
      await exchange(stage, [
        ["a", a],
        ["b", b],
        ["a", again],
        // Known now, although it was not the one that was filed.
        ["c", again],
      ]),
      ["incoming", "incoming", "duplicate", "duplicate"],
    );
  },
);

testWith(
  PARTS,
  "receive() files each of two equal messages that openssl signs within one second, and once what is replayed of them",
  async () => {
    await using stage = await Stage.open();
    const [one, two] = await twins();
    assert.deepEqual(
      await exchange(stage, [
        ["a", one],
        ["b", two],
        ["c", one],
        ["d", two],
        [undefined, one],
        ["a", one],
      ]),
      ["incoming", "incoming", ...times(4, "duplicate")],
    );
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(incoming.map(({ empaid }) => empaid), ["a", "b"]);
  },
);

testWith(
  PARTS,
  "receive() files once what openssl has encrypted, whatever headers it comes with",
  async () => {
    await using stage = await Stage.open();
    const message = await pythonSealed("a record", true);
    assert.deepEqual(
      await exchange(stage, [["a", message], ["b", message], ["c", message]]),
      ["incoming", "duplicate", "duplicate"],
    );
  },
);

testWith(
  PARTS,
  "receive() rejects, with the reason, what openssl signed and comes late under another boundary",
  async () => {
    await using stage = await Stage.open();
    const message = await pythonSealed("a record");
    assert.deepEqual(await exchange(stage, [["a", message]]), ["incoming"]);
    const clock = new ShiftedClock();
    clock.aheadMs = 3_600_000;
    const moved = rebound(message, "0");
    assert.deepEqual(
      await exchange(
        stage,
        [["b", moved], ["c", message], ["a", moved]],
        clock,
      ),
      ["reject", "duplicate", "duplicate"],
    );
    const [{ error, ...rest } = {}, ...others] = await stage.delivered(
      "reject",
    );
    assert.deepEqual(others, []);
    assert.deepEqual(rest, {
      body: text(moved),
      signer: "/C=UK/O=Test/CN=host.example.org",
      empaid: "b",
    });
    assert.match(
      error!,
      /^Taken for a replay: what is signed came before, on \S+, in another message\. If it is none, have it sent again\.$/,
    );
    assert.ok(stage.lines.includes(`WARNING Message rejected: ${error}`));
  },
);
