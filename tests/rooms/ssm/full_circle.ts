/**
 * What must happen from outgoing to incoming over any real broker.
 *
 * @module
 */
import assert from "node:assert/strict";
import { systemClock } from "../../../lib/time/mod.ts";
import type { BrokerTls } from "../../peers/foreign_broker.ts";
import { type Part, sharedServer, testWith } from "../../peers/parts.ts";
import { type TestPki, testPki } from "../../kit/pki/test_pki.ts";
import {
  type MakeIncoming,
  opener,
  RunningReceiver,
  sealer,
} from "../../kit/receiving.ts";
import { type MakeOutgoing, Stage } from "../../kit/stage.ts";
import { bytes } from "../../kit/text.ts";

/** A broker, or a service, that can be cut off and started again. */
export interface RealBroker extends AsyncDisposable {
  readonly tlsPort: number;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

/** Who connects. */
export type Who = "host" | "server";

/** What one host reaches a broker with. */
export interface Reach {
  readonly outgoing: MakeOutgoing;
  readonly incoming: MakeIncoming;
}

/** Which broker, and how it differs from others. */
export interface FullCircle {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly start: (tls: BrokerTls) => Promise<RealBroker>;
  readonly reach: (site: Site, who: Who) => Reach;
  /** Another destination each time. */
  readonly newDestination: () => string;
  /** Largest payload that it takes, encrypted, in bytes. @default 1048576 */
  readonly largestBytes?: number;
  /** Sees that nothing lies where the broker puts messages that it thinks nobody can handle. @default there is no such place */
  readonly assertNoneGivenUp?: (site: Site) => Promise<void>;
}

/** A broker and the hosts around it. */
export interface Site extends AsyncDisposable {
  readonly pki: TestPki;
  readonly broker: RealBroker;
}

/** A record, some tens of kilobytes, and one megabyte; text and bytes. */
const payloads = (largestBytes: number): readonly Uint8Array[] => [
  bytes("APEL-summary-job-message: v0.2\nSite: EXAMPLE\n%%\n"),
  bytes("plain and trimmed"),
  bytes("Universidad de Málaga\r\n\u2028 \n".repeat(2000)),
  Uint8Array.from({ length: largestBytes }, (_, i) => i * i % 253),
  bytes("the last"),
];

/** Registers the tests for one broker. */
export function runFullCircle(circle: FullCircle): void {
  const parts = ["openssl", ...circle.parts] as const;
  const site = sharedServer(parts, () => startSite(circle));
  const test = (name: string, fn: () => Promise<void>) =>
    testWith(parts, `${circle.name}: ${name}`, fn);

  /** The broker, as the host of that name reaches it. */
  const as = (who: Who) => circle.reach(site(), who);
  const { newDestination, largestBytes = 1 << 20 } = circle;

  test("files leave outgoing, signed and encrypted, and arrive as they were", async () => {
    const { pki } = site();
    const sent = payloads(largestBytes);
    await using stage = await Stage.open();
    await stage.put(...sent);
    const destination = newDestination();
    await using receiver = await RunningReceiver.start(
      stage,
      as("server").incoming,
      {
        destination,
        envelope: opener(pki, { checkCrls: true }),
      },
    );
    const report = await stage.send(as("host").outgoing, {
      destination,
      envelope: sealer(pki.host, pki.server),
      window: 3,
      clock: systemClock,
    });
    assert.equal(report.sent, sent.length);
    assert.deepEqual(await stage.left(), { elements: [], locks: [] });
    await receiver.until(sent.length);
    await receiver.stop();
    const names = stage.lines.flatMap((line) =>
      /saved to incoming queue as (.*)/.exec(line)?.[1] ?? []
    );
    for (const [index, payload] of sent.entries()) {
      const element = `${stage.dir}/incoming/${names[index]}`;
      assert.ok(equal(await Deno.readFile(`${element}/body`), payload));
      assert.equal(
        await Deno.readTextFile(`${element}/signer`),
        "/C=UK/O=Test/CN=host.example.org",
      );
    }
    assert.deepEqual(stage.complaints, []);
  });

  test("a message that cannot be stored comes again after a stop, and is given back to nobody else", async () => {
    await using stage = await Stage.open();
    const destination = newDestination();
    const bodies = ["1", "2", "3", "4", "5"];
    await stage.put(...bodies);
    await stage.send(as("host").outgoing, { destination, clock: systemClock });
    // More often than ActiveMQ allows a message to fail.
    for (let round = 0; round < 8; round++) {
      const incoming = await stage.delivery("incoming");
      await Deno.remove(`${stage.dir}/incoming`, { recursive: true });
      const { promise: failed, resolve } = Promise.withResolvers<void>();
      const receiver = await RunningReceiver.start(
        stage,
        as("server").incoming,
        {
          destination,
          incoming,
          storeClock: {
            now: () => 0,
            date: () => new Date(),
            after: () => {
              resolve();
              return () => {};
            },
          },
        },
      );
      await failed;
      await receiver.stop();
    }
    const receiver = await RunningReceiver.start(stage, as("server").incoming, {
      destination,
    });
    await receiver.until(bodies.length);
    await receiver.stop();
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(incoming.map(({ body }) => body).sort(), bodies);
    await circle.assertNoneGivenUp?.(site());
  });

  test("nothing is lost or doubled when the broker is killed and comes back", async () => {
    const { broker } = site();
    await using stage = await Stage.open();
    const destination = newDestination();
    const bodies = Array.from({ length: 300 }, (_, index) => `record ${index}`);
    await stage.put(...bodies);
    await using receiver = await RunningReceiver.start(
      stage,
      as("server").incoming,
      {
        destination,
      },
    );
    const { promise: midway, resolve } = Promise.withResolvers<void>();
    const sending = stage.send(as("host").outgoing, {
      destination,
      window: 8,
      clock: systemClock,
      retryForMs: Infinity,
      onProgress: ({ sent }) => {
        if (sent === 100) resolve();
      },
    });
    await midway;
    await receiver.until(50);
    await broker.kill9();
    // Each has seen it before it is there again.
    await stage.said(/^WARNING Lost connection/);
    await stage.said(/^WARNING Connection lost/);
    await broker.restart();
    const { sent, failed } = await sending;
    assert.deepEqual({ sent, failed }, { sent: 300, failed: 0 });
    const arrived = () =>
      receiver.filed.filter(({ outcome }) => outcome === "incoming").length;
    for (let seen = 0; arrived() < 300;) {
      seen = Math.max(seen, receiver.filed.length) + 1;
      await receiver.until(seen);
    }
    await receiver.stop();
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(
      incoming.map(({ body }) => body).sort(),
      bodies.toSorted(),
    );
    assert.deepEqual(await stage.left(), { elements: [], locks: [] });
  });
}

async function startSite({ start }: FullCircle): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const pki = stack.use(await testPki());
  const { certificatePath: certificate, keyPath: key } = pki.server;
  const ca = pki.ca.credentials.certificatePath;
  const broker = stack.use(await start({ certificate, key, ca }));
  const whole = stack.move();
  return {
    pki,
    broker,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
