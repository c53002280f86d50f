import assert from "node:assert/strict";
import { startHaproxy } from "../../../peers/haproxy.ts";
import { testWith } from "../../../peers/parts.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";

/** What HAProxy can do; it connects from another address than its clients. */
const SERVERS = [
  "send-proxy source 127.0.0.2",
  "send-proxy-v2 source 127.0.0.2",
  "send-proxy-v2 proxy-v2-options crc32c,unique-id source 127.0.0.2",
];
const HELLO = "CONNECT\naccept-version:1.2\nhost:a\n\n\0";

/** Says hello; what is answered up to the end of the first frame, and the client's own port. */
async function greet(port: number): Promise<{ answer: string; own: number }> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(HELLO));
  let answer = "";
  const decoder = new TextDecoder();
  for await (const chunk of connection.readable) {
    answer += decoder.decode(chunk);
    if (answer.includes("\0")) break;
  }
  return { answer, own: connection.localAddr.port };
}

testWith(
  ["haproxy"],
  "ssm broker --proxy-protocol knows clients behind HAProxy by their own addresses",
  async () => {
    await using server = await startBroker(
      ...["--proxy-protocol", "--allow=127.0.0.1", "--deny=127.0.0.2"],
    );
    assert.match(server.line, /, plain TCP behind a proxy, /);
    await using proxy = await startHaproxy(server.port, SERVERS);
    for (const port of proxy.ports) {
      const { answer, own } = await greet(port);
      assert.match(answer, /^CONNECTED\n/);
      await server.broker.line(
        new RegExp(`Connected: 127\\.0\\.0\\.1:${own} as "anonymous"`),
      );
    }
  },
);

testWith(
  ["haproxy"],
  "ssm broker without --proxy-protocol names the header of HAProxy",
  async () => {
    await using server = await startBroker();
    await using proxy = await startHaproxy(server.port, SERVERS);
    for (const port of proxy.ports) {
      const { answer } = await greet(port);
      assert.match(answer, /^ERROR\n/);
      assert.match(
        answer,
        /it sends a PROXY protocol header: say --proxy-protocol/,
      );
      await server.broker.line(
        /Refused 127\.0\.0\.2:\d+: .*it sends a PROXY protocol header: say --proxy-protocol/,
      );
    }
  },
);

Deno.test("ssm broker --proxy-protocol refuses, with words, who sends no such header", async () => {
  await using server = await startBroker("--proxy-protocol");
  await assert.rejects(server.connect(), {
    code: "STOMP_ERROR",
    message: /Cannot accept a client: it sends no PROXY protocol header/,
  });
  await server.broker.line(
    /Refused 127\.0\.0\.1:\d+: Cannot accept a client: it sends no PROXY protocol header/,
  );
});

Deno.test("ssm broker applies --deny to the address that the proxy names", async () => {
  await using server = await startBroker(
    "--proxy-protocol",
    "--deny=2001:db8::7",
  );
  using proxy = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.port,
  });
  const header = "PROXY TCP6 2001:db8:0:0::7 2001:db8::1 1234 61613\r\n";
  await proxy.write(new TextEncoder().encode(header + HELLO));
  await server.broker.line(
    /Refused \[2001:db8::7\]:1234: Cannot connect: not from this address/,
  );
});
