/**
 * From outgoing to incoming over a messaging service of one's own.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { AmsClient } from "../../../../lib/ams/mod.ts";
import { type Clock, systemClock } from "../../../../lib/time/mod.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { Wire } from "../../../kit/net/faulty_wire.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { RunningReceiver } from "../../../kit/receiving.ts";
import { Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";
import { runFullCircle, type Site } from "../full_circle.ts";
import { verifierOf } from "../verifier.ts";
import { amsClient, overAms, RunningAms } from "./ams_reach.ts";

const PARTS = ["openssl", "ssm broker"] as const;

/** Names of topics; each test takes another. */
const NAMES = Array.from({ length: 8 }, (_, index) => `records-${index}`);
let taken = 0;
const newDestination = () => NAMES[taken++]!;

const clientOf = ({ pki, broker }: Site) =>
  amsClient(broker.tlsPort, verifierOf(pki));

/** Time that passes fifty times as fast, for pauses. */
const hasty: Clock = {
  now: () => systemClock.now() * 50,
  date: () => systemClock.date(),
  after: (ms, callback) => systemClock.after(ms / 50, callback),
};

runFullCircle({
  name: "AMS",
  parts: ["ssm broker"],
  start: (tls) => RunningAms.start(tls, NAMES),
  reach: (site) => overAms(() => clientOf(site)),
  newDestination,
  largestBytes: 200_000,
});

const site = sharedServer(PARTS, async (): Promise<Site> => {
  const pki = await testPki();
  const { certificatePath: certificate, keyPath: key } = pki.server;
  const ca = pki.ca.credentials.certificatePath;
  const broker = await RunningAms.start({ certificate, key, ca }, NAMES);
  return {
    pki,
    broker,
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await pki[Symbol.asyncDispose]();
    },
  };
});

testWith(
  PARTS,
  "AMS: hundreds of messages need few calls and two connections",
  async () => {
    const destination = newDestination();
    await using stage = await Stage.open();
    const clients: AmsClient[] = [];
    const reach = overAms(() => {
      const client = clientOf(site());
      clients.push(client);
      return client;
    });
    const bodies = Array.from({ length: 400 }, (_, index) => `record ${index}`);
    await stage.put(...bodies);
    await stage.send(reach.outgoing, {
      destination,
      window: 100,
      clock: systemClock,
    });
    const receiver = await RunningReceiver.start(stage, reach.incoming, {
      destination,
    });
    await receiver.until(bodies.length);
    await receiver.stop();
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(incoming.map(({ body }) => body), bodies);
    assert.deepEqual(stage.complaints, []);
    const [sending, receiving] = clients.map(({ statistics }) => statistics);
    assert.equal(sending!.connections, 1);
    assert.equal(receiving!.connections, 1);
    assert.ok(sending!.requests < 40, `${sending!.requests}`);
    assert.ok(receiving!.requests < 40, `${receiving!.requests}`);
  },
);

testWith(
  PARTS,
  "AMS: two receivers with the same directories file each message once",
  async () => {
    const destination = newDestination();
    await using stage = await Stage.open();
    const reach = overAms(() => clientOf(site()), { pullMessages: 7 });
    const bodies = Array.from({ length: 60 }, (_, index) => `record ${index}`);
    await stage.put(...bodies);
    await stage.send(reach.outgoing, { destination, window: 100 });
    const receivers = [
      await RunningReceiver.start(stage, reach.incoming, { destination }),
      await RunningReceiver.start(stage, reach.incoming, { destination }),
    ];
    await using client = clientOf(site());
    for (let current = 0n; current < 60n;) {
      ({ current } = await client.offsets(destination));
    }
    for (const receiver of receivers) await receiver.stop();
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(
      incoming.map(({ body }) => body).sort(),
      bodies.toSorted(),
    );
  },
);

testWith(
  PARTS,
  "AMS: a message over the limit is skipped, and so is one that the service finds too large",
  async () => {
    const destination = newDestination();
    await using stage = await Stage.open();
    const reach = overAms(() => clientOf(site()));
    await stage.put("1", "x".repeat(1_200_000), "2");
    const report = await stage.send(reach.outgoing, {
      destination,
      window: 100,
    });
    assert.deepEqual(report, { found: 3, sent: 2, locked: 0, failed: 1 });
    await using client = clientOf(site());
    await assert.rejects(
      client.publish(destination, [
        { data: new Uint8Array(1_400_000), attributes: {} },
      ]),
      { kind: "too large" },
    );
    assert.equal((await client.offsets(destination)).max, 2n);
  },
);

testWith(
  PARTS,
  "AMS: what other clients publish is filed, too",
  async () => {
    const destination = newDestination();
    await using stage = await Stage.open();
    await using client = clientOf(site());
    const data = bytes("the same");
    await client.publish(destination, [
      { data, attributes: {} },
      { data, attributes: {} },
      { data: new Uint8Array(), attributes: { other: "1" } },
      { data: Uint8Array.of(0, 255, 10), attributes: { empaid: "a/b" } },
    ]);
    const reach = overAms(() => clientOf(site()));
    const receiver = await RunningReceiver.start(stage, reach.incoming, {
      destination,
    });
    assert.deepEqual(await receiver.until(4), Array(4).fill("incoming"));
    await receiver.stop();
    const { current, max } = await client.offsets(destination);
    assert.equal(current, max);
  },
);

testWith(
  PARTS,
  "AMS: whatever byte the connection is cut after, each message is filed once",
  async () => {
    const destination = newDestination();
    await using stage = await Stage.open();
    const { broker, pki } = site();
    // Later each time, so that every step of a call is hit, and all is done in the end.
    const fault = (connection: number) => ({
      direction: connection % 2 === 0 ? "up" as const : "down" as const,
      after: 3500 + 300 * connection,
      how: "cut" as const,
    });
    await using up = Wire.start(broker.tlsPort, { fault });
    await using down = Wire.start(broker.tlsPort, { fault });
    const bodies = Array.from({ length: 60 }, (_, index) => `record ${index}`);
    await stage.put(...bodies);
    // Soon given up, where nothing tells that a connection is cut.
    const through = ({ port }: Wire) =>
      overAms(() => amsClient(port, verifierOf(pki), 2000), {
        pullMessages: 5,
      });
    const report = await stage.send(through(up).outgoing, {
      ...{ destination, window: 10, retryForMs: Infinity, clock: hasty },
    });
    assert.equal(report.sent, bodies.length);
    const receiver = await RunningReceiver.start(
      stage,
      through(down).incoming,
      { destination, connectClock: hasty },
    );
    await using client = clientOf(site());
    for (let isDone = false; !isDone;) {
      const { current, max } = await client.offsets(destination);
      isDone = current === max;
    }
    await receiver.stop();
    assert.ok(up.faults > 2 && down.faults > 2, `${up.faults} ${down.faults}`);
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(
      incoming.map(({ body }) => body).sort(),
      bodies.toSorted(),
    );
    assert.deepEqual(await stage.delivered("reject"), []);
  },
);
