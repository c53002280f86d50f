import assert from "node:assert/strict";
import { Broker } from "../../../lib/broker/mod.ts";
import { isSsmError } from "../../../lib/errors.ts";
import { dial, listen } from "../../../lib/net/mod.ts";
import {
  StompClient,
  type StompConnectOptions,
} from "../../../lib/stomp/mod.ts";
import { type Credentials, TestCa } from "../../peers/openssl/openssl.ts";
import { testWith } from "../../peers/parts.ts";
import { TestBroker } from "../../kit/net/test_broker.ts";

const utf8 = new TextEncoder();
const read = (body: Uint8Array) => new TextDecoder().decode(body);

async function connect(
  server: TestBroker,
  options: StompConnectOptions = {},
): Promise<StompClient> {
  const socket = await dial({ host: "127.0.0.1", port: server.port });
  return await StompClient.connect(socket, options);
}

for (const version of ["1.0", "1.1", "1.2"] as const) {
  Deno.test(`Broker and StompClient work together in STOMP ${version}`, async () => {
    await using server = await TestBroker.start({ serverName: "test/1" });
    const options = { acceptVersions: [version] };
    await using producer = await connect(server, options);
    await using consumer = await connect(server, options);
    assert.equal(producer.version, version);
    assert.equal(producer.server, "test/1");
    const count = 1500;
    const sent: Promise<void>[] = [];
    for (let n = 0; n < count; n++) {
      const receipt = n % 10 === 0 ? { receipt: true as const } : {};
      sent.push(producer.send("/queue/a", utf8.encode(`${n}`), receipt));
    }
    const subscription = await consumer.subscribe("/queue/a", { prefetch: 50 });
    let next = 0;
    for await (const message of subscription) {
      assert.equal(read(message.body), `${next++}`);
      await message.ack();
      if (next === count) break;
    }
    await Promise.all(sent);
    await consumer.disconnect();
    await producer.disconnect();
    assert.equal(server.broker.stats().queued, 0);
  });
}

Deno.test("Broker and StompClient carry a large body unchanged", async () => {
  await using server = await TestBroker.start();
  await using client = await connect(server);
  const body = new Uint8Array(20 << 20);
  for (let n = 0; n < body.length; n += 1021) body[n] = n % 251;
  await client.send("/queue/a", body, { receipt: true });
  const subscription = await client.subscribe("/queue/a", {
    maxWaitingBytes: 64 << 20,
  });
  for await (const message of subscription) {
    assert.equal(message.body.length, body.length);
    assert.ok(message.body.every((byte, index) => byte === body[index]));
    await message.ack({ receipt: true });
    break;
  }
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("Broker's words reach the user of StompClient", async () => {
  await using server = await TestBroker.start({
    authenticate: () => undefined,
  });
  await assert.rejects(
    connect(server, { login: "me", passcode: "x" }),
    (error) =>
      isSsmError(error, "STOMP_ERROR") &&
      error.message.endsWith("Cannot log in: wrong login or passcode"),
  );
});

testWith(
  ["openssl"],
  "Broker sees the certificate of a TLS client",
  async () => {
    const dir = await Deno.makeTempDir();
    try {
      const ca = await TestCa.create(dir, { subject: "/C=UK/O=Test/CN=CA" });
      const host = await ca.issue({ subject: "/C=UK/O=Test/CN=host" });
      await using broker = new Broker({
        authenticate: ({ peer }) =>
          peer && { name: `${peer.leaf.length} bytes of certificate` },
      });
      await using listener = await listen({
        tls: { keyPair: keyPairOf(host), clientCertificate: "optional" },
      });
      const serving = broker.serveAll(listener);
      const open = async (shown: Credentials | undefined) =>
        await StompClient.connect(
          await dial({
            host: "127.0.0.1",
            port: listener.port,
            tls: { keyPair: shown && keyPairOf(shown), verify: "none" },
          }),
        );
      const client = await open(host);
      await client.send("/queue/a", utf8.encode("sealed"), { receipt: true });
      await client.disconnect();
      await assert.rejects(
        open(undefined),
        (error) => isSsmError(error, "STOMP_ERROR"),
      );
      listener.close();
      await serving;
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);

function keyPairOf({ certificatePem, keyPem }: Credentials) {
  return { certificate: certificatePem, key: keyPem };
}
