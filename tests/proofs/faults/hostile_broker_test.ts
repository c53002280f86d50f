/**
 * A hostile broker, and a receiver that has another one to go to.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  forgetPeak,
  peakMb,
  residentMb,
} from "../../../scripts/bench/memory.ts";
import { TestBroker } from "../../kit/net/test_broker.ts";
import { Running, ssmCommand } from "../../kit/programs/program.ts";
import { siteTests } from "../../kit/programs/program_site.ts";

const test = siteTests();

/** What it may cost the receiver, in MB: far less than what it is sent, or promised. */
const MAX_COST_MB = 150;

const CONNECTED = "CONNECTED\nversion:1.2\nheart-beat:1000,1000\n\n\0";
const MESSAGE =
  "MESSAGE\nsubscription:1\nmessage-id:1\nack:1\ndestination:/queue/test\n";

/** What the broker does once it has heard CONNECT, and what the receiver logs then. */
const HOSTILITIES: readonly [
  what: string,
  attack: (conn: Hostile) => Promise<void>,
  said: RegExp,
][] = [
  [
    "sends its greeting byte by byte",
    (conn) => conn.drip("CONNECTED\nversion:1.2\nx:"),
    /Failed to connect to localhost:\d+: .*CONNECTED/,
  ],
  [
    "never greets",
    () => Promise.resolve(),
    /Failed to connect to localhost:\d+: .*CONNECTED/,
  ],
  [
    "greets without an end",
    (conn) => conn.flood("CONNECTED\nversion:1.2\n", `x:${"y".repeat(1000)}\n`),
    /Failed to connect to localhost:\d+: .*more than \d+/,
  ],
  [
    "sends garbage",
    async (conn) => {
      await conn.write(CONNECTED);
      await conn.flood("", "\x16\x03\x01garbage\0\xff");
    },
    /Connection lost because: /,
  ],
  [
    "sends headers without an end",
    async (conn) => {
      await conn.write(CONNECTED);
      await conn.flood("RECEIPT\n", `x:${"y".repeat(1000)}\n`);
    },
    /Connection lost because: .*more than \d+/,
  ],
  [
    "sends a message without an end",
    async (conn) => {
      await conn.write(CONNECTED);
      await conn.flood(`${MESSAGE}\n`, "x".repeat(64 << 10), 100 << 20);
    },
    /Connection lost because: /,
  ],
  [
    "promises a body that no memory could hold",
    async (conn) => {
      await conn.write(CONNECTED);
      await conn.flood(
        `${MESSAGE}content-length:100000000000\n\n`,
        "x".repeat(64 << 10),
        100 << 20,
      );
    },
    /Connection lost because: /,
  ],
  [
    "sends receipts for nothing, as fast as it can",
    async (conn) => {
      await conn.write(CONNECTED);
      await conn.flood("", "RECEIPT\nreceipt-id:nobody\n\n\0", 5 << 20);
    },
    /confirmed what nobody sent: nobody; further ones are not logged/,
  ],
];

/** The broker's end of a connection. */
class Hostile {
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  async write(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) {
      at += await this.#conn.write(bytes.subarray(at));
    }
  }

  /** Says that, and then the same piece again and again, so many bytes or until the receiver hangs up. */
  async flood(start: string, piece: string, bytes = Infinity): Promise<void> {
    await this.write(start);
    for (let sent = 0; sent < bytes; sent += piece.length) {
      await this.write(piece);
    }
    this.#conn.close();
  }

  /** A byte now and then. */
  async drip(text: string): Promise<void> {
    for (let at = 0;; at++) {
      await this.write(text[at] ?? "z");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A broker that does its worst to everybody. */
function hostileBroker(attack: (conn: Hostile) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.Conn[] = [];
  const attacks: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const conn of listener) {
      open.push(conn);
      attacks.push(
        (async () => {
          await conn.read(new Uint8Array(4096));
          await attack(new Hostile(conn));
        })().catch(() => {}),
      );
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const conn of open) {
        try {
          conn.close();
        } catch {
          // The attack has closed it.
        }
      }
      await Promise.all(attacks);
    },
  };
}

for (const [what, attack, said] of HOSTILITIES) {
  test(`ssm receive leaves a broker that ${what}, and is served by another`, async (site) => {
    await using hostile = hostileBroker(attack);
    await using broker = await TestBroker.start();
    const config = await site.receiver(broker.port, {
      broker: {
        host: `localhost:${hostile.port}, localhost:${broker.port}`,
        port: undefined,
        heart_beat: 1,
        connect_timeout: 1,
      },
      messaging: { max_message_size: "1M" },
    });
    await using receiver = new Running(ssmCommand(["receive", "-c", config]));
    await receiver.line(/Established connection to/);
    const before = residentMb(receiver.pid);
    forgetPeak(receiver.pid);
    await receiver.line(said);
    const client = await broker.connect();
    const body = await site.sign(site.pki.ec, "payload");
    await client.confirmed(
      "SEND",
      { destination: "/queue/test", "empa-id": "1" },
      body,
    );
    client.close();
    await receiver.line(/Message saved to incoming/);
    const cost = peakMb(receiver.pid) - before;
    assert.ok(cost < MAX_COST_MB, `it cost ${cost} MB`);
  });
}
