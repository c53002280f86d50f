import assert from "node:assert/strict";
import { dial, type Socket } from "../../../../lib/net/mod.ts";
import {
  checkFrame,
  type Frame,
  ReconnectingClient,
  STOMP_VERSIONS,
  type StompVersion,
} from "../../../../lib/stomp/mod.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { bytes, text } from "../../../kit/text.ts";

/** A client of the embedded broker, whose connections can be cut. */
function clientOf(
  port: number,
  version: StompVersion,
): { client: ReconnectingClient; frames: Frame[]; cut(): void } {
  let socket: Socket | undefined;
  const frames: Frame[] = [];
  const client = new ReconnectingClient({
    dial: async (signal) => {
      return socket = await dial({ host: "127.0.0.1", port, signal });
    },
    acceptVersions: [version],
    onFrame: (frame) => frames.push(frame),
    firstPauseMs: 1,
    maxPauseMs: 10,
  });
  return { client, frames, cut: () => socket?.close() };
}

for (const version of STOMP_VERSIONS) {
  Deno.test(`ReconnectingClient loses nothing on cut connections, over STOMP ${version}`, async () => {
    await using server = await TestBroker.start();
    const sender = clientOf(server.port, version);
    const receiver = clientOf(server.port, version);
    await using _sender = sender.client;
    await using _receiver = receiver.client;

    const expected = Array.from({ length: 60 }, (_, n) => `${n}`);
    const missing = new Set(expected);
    const all = Promise.withResolvers<void>();
    let received = 0;
    receiver.client.consume("/queue/a", ({ body }) => {
      missing.delete(text(body));
      if (missing.size === 0) all.resolve();
      if (++received % 15 === 0) receiver.cut();
    });
    await Promise.all(expected.map((n, index) => {
      const sent = sender.client.send("/queue/a", bytes(n));
      return index % 20 === 10 ? sent.then(() => sender.cut()) : sent;
    }));
    await all.promise;
    await sender.client.disconnect();
    await receiver.client.disconnect();

    // All that was said keeps to the specification.
    const said = [...sender.frames, ...receiver.frames];
    for (const frame of said) checkUnlessExtension(frame, version);
    assert.ok(said.some(({ command }) => command === "MESSAGE"));
  });
}

/** In 1.0 `client-individual` is an extension that every broker has. */
function checkUnlessExtension(frame: Frame, version: StompVersion): void {
  const { command, headers } = frame;
  if (version === "1.0" && command === "SUBSCRIBE") {
    checkFrame(
      { ...frame, headers: new Map(headers).set("ack", "client") },
      version,
    );
  } else checkFrame(frame, version);
}
