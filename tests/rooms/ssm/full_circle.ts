/**
 * What must happen from outgoing to incoming over any real broker.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dial, type PeerVerifier } from "../../../lib/net/mod.ts";
import {
  isForHost,
  parseCertificate,
  TrustStore,
} from "../../../lib/pki/mod.ts";
import type { Endpoint } from "../../../lib/stomp/mod.ts";
import {
  StompClient,
  type StompConnectOptions,
  systemClock,
} from "../../../lib/stomp/mod.ts";
import type { BrokerTls } from "../../peers/foreign_broker.ts";
import { type Part, sharedServer, testWith } from "../../peers/parts.ts";
import { type TestPki, testPki } from "../../kit/pki/test_pki.ts";
import { opener, RunningReceiver, sealer } from "../../kit/receiving.ts";
import { Stage } from "../../kit/stage.ts";
import { bytes } from "../../kit/text.ts";

/** A broker that can be cut off and started again. */
export interface RealBroker extends AsyncDisposable {
  readonly tlsPort: number;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

/** Which broker, and how it differs from others. */
export interface FullCircle {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly start: (tls: BrokerTls) => Promise<RealBroker>;
  readonly connect: StompConnectOptions;
  /** Where the broker puts messages that it thinks nobody can handle, if it does. */
  readonly deadLetters?: string;
}

interface Site extends AsyncDisposable {
  readonly pki: TestPki;
  readonly broker: RealBroker;
}

/** A record, some tens of kilobytes, and one megabyte; text and bytes. */
const PAYLOADS: readonly Uint8Array[] = [
  bytes("APEL-summary-job-message: v0.2\nSite: EXAMPLE\n%%\n"),
  bytes("plain and trimmed"),
  bytes("Universidad de Málaga\r\n\u2028 \n".repeat(2000)),
  Uint8Array.from({ length: 1 << 20 }, (_, i) => i * i % 253),
  bytes("the last"),
];

/** Registers the tests for one broker. */
export function runFullCircle(circle: FullCircle): void {
  const parts = ["openssl", ...circle.parts] as const;
  const site = sharedServer(parts, () => startSite(circle));
  const test = (name: string, fn: () => Promise<void>) =>
    testWith(parts, `${circle.name}: ${name}`, fn);

  /** The broker, as the host of that name sees it. */
  const as = (who: "host" | "server") => tlsEndpoint(site(), who, circle);

  test("files leave outgoing, signed and encrypted, and arrive as they were", async () => {
    const { pki } = site();
    await using stage = await Stage.open();
    await stage.put(...PAYLOADS);
    const destination = newQueue();
    await using receiver = await RunningReceiver.start(stage, [as("server")], {
      destination,
      envelope: opener(pki, { checkCrls: true }),
    });
    const { sent } = await stage.send([as("host")], {
      destination,
      envelope: sealer(pki.host, pki.server),
      window: 3,
      clock: systemClock,
    });
    assert.equal(sent, PAYLOADS.length);
    assert.deepEqual(await stage.left(), { elements: [], locks: [] });
    await receiver.until(PAYLOADS.length);
    await receiver.stop();
    const names = stage.lines.flatMap((line) =>
      /saved to incoming queue as (.*)/.exec(line)?.[1] ?? []
    );
    for (const [index, payload] of PAYLOADS.entries()) {
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
    const destination = newQueue();
    const bodies = ["1", "2", "3", "4", "5"];
    await stage.put(...bodies);
    await stage.send([as("host")], { destination, clock: systemClock });
    // More often than ActiveMQ allows a message to fail.
    for (let round = 0; round < 8; round++) {
      const incoming = await stage.delivery("incoming");
      await Deno.remove(`${stage.dir}/incoming`, { recursive: true });
      const { promise: failed, resolve } = Promise.withResolvers<void>();
      const receiver = await RunningReceiver.start(stage, [as("server")], {
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
      });
      await failed;
      await receiver.stop();
    }
    const receiver = await RunningReceiver.start(stage, [as("server")], {
      destination,
    });
    await receiver.until(bodies.length);
    await receiver.stop();
    const incoming = await stage.delivered("incoming");
    assert.deepEqual(incoming.map(({ body }) => body).sort(), bodies);
    if (circle.deadLetters) await assertEmpty(circle.deadLetters);
  });

  test("nothing is lost or doubled when the broker is killed and comes back", async () => {
    const { broker } = site();
    await using stage = await Stage.open();
    const destination = newQueue();
    const bodies = Array.from({ length: 300 }, (_, index) => `record ${index}`);
    await stage.put(...bodies);
    await using receiver = await RunningReceiver.start(stage, [as("server")], {
      destination,
    });
    const { promise: midway, resolve } = Promise.withResolvers<void>();
    const sending = stage.send([as("host")], {
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
    for (
      const loss of [/^WARNING Lost connection/, /^WARNING Connection lost/]
    ) {
      assert.ok(stage.complaints.some((line) => loss.test(line)), `${loss}`);
    }
  });

  /** Sends something there, and sees that it comes first. */
  async function assertEmpty(destination: string): Promise<void> {
    const { signal } = new AbortController();
    await using client = await as("host").connect(signal);
    const receipt = true;
    await client.send(destination, bytes("the end"), { receipt });
    const subscription = await client.subscribe(destination);
    for await (const message of subscription) {
      assert.deepEqual(new Uint8Array(message.body), bytes("the end"));
      await message.ack({ receipt });
      return;
    }
  }
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

/** The broker over TLS, which shows its certificate and demands one. */
function tlsEndpoint(
  { pki, broker }: Site,
  who: "host" | "server",
  { connect }: FullCircle,
): Endpoint {
  const { certificatePem: certificate, keyPem: key } = pki[who];
  const trust = new TrustStore(pki.caPath);
  const verify: PeerVerifier = async ({ leaf }, host) => {
    const shown = parseCertificate(leaf);
    const verdict = await trust.verify(shown, [], { checkCrls: true });
    assert.ok(verdict.ok && isForHost(shown, host));
  };
  return {
    name: "broker",
    connect: async (signal) => {
      const socket = await dial({
        host: "127.0.0.1",
        port: broker.tlsPort,
        tls: { keyPair: { certificate, key }, verify },
        signal,
      });
      return await StompClient.connect(socket, connect);
    },
  };
}

/** A queue that no other test uses. */
function newQueue(): string {
  return `/queue/${crypto.randomUUID()}`;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
