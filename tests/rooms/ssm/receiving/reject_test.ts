import assert from "node:assert/strict";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { BAD_MESSAGES } from "./bad_messages.ts";
import { opener, RunningReceiver, sealed } from "../../../kit/receiving.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes, text } from "../../../kit/text.ts";

const PARTS = ["openssl"] as const;

const pki = sharedServer(PARTS, testPki);

testWith(
  PARTS,
  "receive() keeps every bad message in reject with its reason, and none of them stops the next",
  async () => {
    await using stage = await Stage.open();
    await using broker = await TestBroker.start();
    await using receiver = await RunningReceiver.start(stage, [
      endpoint(broker.port),
    ], { envelope: opener(pki(), { checkCrls: true }) });
    await using sender = await endpoint(broker.port).connect(stage.signal);
    const send = (id: string, body: Uint8Array) =>
      sender.send(QUEUE, body, { headers: { "empa-id": id }, receipt: true });
    const bodies: Uint8Array[] = [];
    for (const { name, make } of BAD_MESSAGES) {
      bodies.push(await make(pki()));
      await send(name, bodies.at(-1)!);
      const good = await sealed(bytes(`after ${name}`), pki().ec);
      await send(`after ${name}`, good);
    }
    await receiver.until(2 * BAD_MESSAGES.length);
    await receiver.stop();
    assert.equal(broker.broker.stats().queued, 0);
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(
      incoming,
      BAD_MESSAGES.map(({ name }) => ({
        body: `after ${name}`,
        signer: "/C=UK/O=Test/CN=ec.example.org",
        empaid: `after ${name}`,
      })),
    );
    const rejected = await stage.delivered("reject");
    assert.equal(rejected.length, BAD_MESSAGES.length);
    for (const [index, { name, error, signer }] of BAD_MESSAGES.entries()) {
      const { error: said, ...rest } = rejected[index]!;
      assert.deepEqual(rest, {
        body: text(bodies[index]!),
        signer: signer ?? "Not available.",
        empaid: name,
      });
      assert.match(said!, error);
      assert.ok(
        stage.lines.includes(`WARNING Message rejected: ${said}`),
        `${name} is not in the log`,
      );
    }
  },
);
