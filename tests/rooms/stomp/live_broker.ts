/**
 * A real broker, ready to be tested, and what its tests keep doing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dial, type PeerVerifier, type Socket } from "../../../lib/net/mod.ts";
import {
  StompClient,
  type StompConnectOptions,
  type StompMessage,
  type Subscription,
} from "../../../lib/stomp/mod.ts";
import type { BrokerTls } from "../../peers/foreign_broker.ts";
import {
  type Credentials,
  pemBytes,
  TestCa,
} from "../../peers/openssl/openssl.ts";
import type { Part } from "../../peers/parts.ts";

/** A broker under test, and where it differs from others. */
export interface BrokerUnderTest {
  readonly name: string;
  readonly parts: readonly Part[];
  /** Its ports and certificates, once it runs. */
  readonly server: () => TlsBroker<Ports>;
  /** How to log in. */
  readonly connect: StompConnectOptions;
  /** Where a message goes that was sent to `queue` and given back. */
  readonly afterNack: (queue: string) => string;
  /** What it says of a wrong password. */
  readonly wrongPassword: RegExp;
}

interface Ports extends AsyncDisposable {
  readonly stompPort: number;
  readonly tlsPort: number;
}

/** A running broker, and certificates made for it. */
export interface TlsBroker<Broker extends Ports> extends AsyncDisposable {
  readonly broker: Broker;
  /** What the broker shows. */
  readonly host: Credentials;
  /** What it accepts from a client. */
  readonly client: Credentials;
}

/** Starts a broker with certificates of a CA made for it. */
export async function startWithTls<Broker extends Ports>(
  start: (tls: BrokerTls) => Promise<Broker>,
): Promise<TlsBroker<Broker>> {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "broker-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const ca = await TestCa.create(dir, { subject: "/CN=Broker Test CA" });
  const host = await ca.issue({ subject: "/CN=localhost", key: "rsa:2048" });
  const client = await ca.issue({ subject: "/CN=client.example.org" });
  const broker = stack.use(
    await start({
      certificate: host.certificatePath,
      key: host.keyPath,
      ca: ca.credentials.certificatePath,
    }),
  );
  const kept = stack.move();
  return {
    ...{ broker, host, client },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Connects to a broker's plain port. */
export async function connectTo(
  { server, connect }: BrokerUnderTest,
  options: StompConnectOptions = {},
): Promise<StompClient> {
  const port = server().broker.stompPort;
  const socket = await dial({ host: "127.0.0.1", port });
  return StompClient.connect(socket, { ...connect, ...options });
}

/** Connects to a broker's TLS port, having seen that it is this broker. */
export async function connectToTls(
  { server, connect }: BrokerUnderTest,
  kind: "with certificate" | "without certificate",
): Promise<StompClient> {
  const { broker, host, client } = server();
  const verify: PeerVerifier = ({ leaf }) => {
    assert.deepEqual(new Uint8Array(leaf), pemBytes(host.certificatePem));
  };
  const keyPair = kind === "without certificate"
    ? undefined
    : { certificate: client.certificatePem, key: client.keyPem };
  const port = broker.tlsPort;
  const tls = { verify, keyPair };
  const socket = await dial({ host: "127.0.0.1", port, tls });
  return StompClient.connect(socket, connect);
}

/** Fails, instead of waiting for ever, when `promise` does not settle in time. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const refuse = () => reject(new Error(`No ${what} in time`));
  const timer = setTimeout(refuse, 30_000);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The next message of a subscription. */
export async function next(subscription: Subscription): Promise<StompMessage> {
  const { value } = await inTime(
    subscription[Symbol.asyncIterator]().next(),
    `message from ${subscription.destination}`,
  );
  assert.ok(value, "the subscription has ended");
  return value;
}

/** A queue that no other test uses. */
export function newQueue(): string {
  return `/queue/${crypto.randomUUID()}`;
}

export function text(message: StompMessage): string {
  return new TextDecoder().decode(message.body);
}

/** The socket, and a promise that settles after so many chunks of nothing but line ends. */
export function countQuiet(
  plain: Socket,
  wanted: number,
): { socket: Socket; quietChunks: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const readable = plain.readable.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (chunk.every((byte) => byte === 0x0a)) seen++;
        if (seen === wanted) resolve();
        controller.enqueue(chunk);
      },
    }),
  );
  const socket: Socket = {
    readable,
    writable: plain.writable,
    remote: plain.remote,
    close: () => plain.close(),
  };
  return { socket, quietChunks: promise };
}
