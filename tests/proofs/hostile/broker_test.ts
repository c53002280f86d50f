import assert from "node:assert/strict";
import { sharedServer, testWith } from "../../peers/parts.ts";
import {
  messageFrame,
  sayGoodbye,
  ScriptedBroker,
  subscribed,
} from "../../kit/net/scripted_broker.ts";
import { endpoint } from "../../kit/stage.ts";
import { latin1 } from "./message.ts";
import type { Peer, Script } from "../../kit/net/scripted_peer.ts";
import { ORACLES } from "./corpus/envelopes.ts";
import { SIGNERS } from "./corpus/signers.ts";
import { MadeCorpus } from "./made.ts";
import { HostileReceiver } from "./receiver.ts";

const PARTS = ["openssl"] as const;

const corpus = sharedServer(PARTS, () => MadeCorpus.make([SIGNERS, ORACLES]));

/** A script that welcomes, takes the subscription, and goes on. */
function onceSubscribed(work: Script): Script {
  return async (peer) => {
    await subscribed(peer);
    await work(peer);
  };
}

/** Delivers a message and returns what the receiver says to it, whole. */
async function answerTo(
  peer: Peer,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  await peer.send(
    messageFrame(latin1(body), { "message-id": "m", ack: "a", ...headers }),
  );
  return await peer.expect("ACK");
}

testWith(
  PARTS,
  "receive() answers an envelope that does not open as it answers every message",
  async () => {
    const { site, messages } = corpus();
    const answers: Record<string, string>[] = [];
    await using broker = await ScriptedBroker.start(
      onceSubscribed(async (peer) => {
        for (const { body } of messages) {
          answers.push(await answerTo(peer, body));
        }
        await sayGoodbye(peer);
      }),
    );
    await using receiver = await HostileReceiver.start(
      endpoint(broker.port, { trimMessages: true }),
      await site.opener(),
    );
    await receiver.until(messages.length);
    await receiver.stop();
    // Nothing but the acknowledgement, and nothing in it: neither what was
    // wrong, nor that anything was.
    assert.deepEqual(answers, messages.map(() => ({ id: "a" })));
  },
);

/** Headers that a broker may send along, or its clients through it. */
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { destination: "/queue/../../../../escaped\\n\x1b[2J" },
  { destination: "x".repeat(10_000) },
  { "message-id": "../../escaped\\r\\nforged", ack: "../a\\n" },
  { "message-id": "x".repeat(10_000) },
  { subscription: "1", "content-type": "x\\n\\n", "x\\n": "\\n", "y\\cz": "" },
  { "empa-id": "x".repeat(100_000) },
  { "empa-id": "\\n".repeat(4000), "ssm-msg-id": "\x1b]0;x\x07" },
  Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`h${n}`, "v"])),
  { "empa-id": "x\0y", "": "no name", "z\r": "\\x\\" },
];

testWith(
  PARTS,
  "receive() makes of a hostile broker's headers neither a path nor a line",
  async () => {
    const { site, messages } = corpus();
    const { body } = messages[0]!;
    const acknowledged: (string | undefined)[] = [];
    await using broker = await ScriptedBroker.start(
      onceSubscribed(async (peer) => {
        for (const headers of HEADERS) {
          acknowledged.push((await answerTo(peer, body, headers))["id"]);
        }
        await sayGoodbye(peer);
      }),
    );
    await using receiver = await HostileReceiver.start(
      endpoint(broker.port, { trimMessages: true }),
      await site.opener(),
    );
    await receiver.until(HEADERS.length);
    await receiver.stop();
    assert.deepEqual(
      acknowledged,
      HEADERS.map(({ ack }) => ack === undefined ? "a" : "../a\n"),
    );
    assert.deepEqual(receiver.strangePaths(), []);
    const log = await receiver.log();
    assert.equal(
      log.filter((line) => line.startsWith("Valid signer: ")).length,
      HEADERS.length,
    );
  },
);

/** What is no STOMP. */
const BREACHES: Readonly<Record<string, string>> = {
  "a NUL in a receipt": "RECEIPT\nreceipt-id:x\0y\n\n\0",
  "an escape that is none": "RECEIPT\nreceipt-id:\\x\n\n\0",
  "a length that is none": "MESSAGE\ncontent-length:x\0y\n\n\0",
  "a command in small letters": "message\n\n\0",
  "a body of a terabyte": "RECEIPT\ncontent-length:999999999999\n\n",
  "a body that goes on": "MESSAGE\ncontent-length:1\n\nxy\0",
  "an error of many lines": `ERROR\nmessage:x\\n\x1b[31mforged\n\n${
    "y\n".repeat(5000)
  }\0`,
};

testWith(
  PARTS,
  "receive() hangs up on a broker that breaks the protocol, says so on one line, and comes again",
  async () => {
    const { site, messages } = corpus();
    const { body } = messages[0]!;
    for (const [what, frame] of Object.entries(BREACHES)) {
      await using broker = await ScriptedBroker.start(
        onceSubscribed(async (peer) => {
          await peer.send(frame);
          await peer.expectEnd();
        }),
        onceSubscribed(async (peer) => {
          await answerTo(peer, body);
          await sayGoodbye(peer);
        }),
      );
      await using receiver = await HostileReceiver.start(
        endpoint(broker.port, { trimMessages: true }),
        await site.opener(),
      );
      await receiver.until(1);
      await receiver.stop();
      const log = await receiver.log();
      const lost = log.filter((line) =>
        line.startsWith("Connection lost because: ")
      );
      assert.equal(lost.length, 1, what);
      assert.ok(lost[0]!.length < 5000, what);
    }
  },
);
