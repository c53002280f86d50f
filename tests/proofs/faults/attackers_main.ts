/**
 * Hostile clients of a broker, as a program: the name of an attack and a port.
 *
 * It says `attacking` when all are in place, and `refused: <why>` for what the
 * broker says to one of them; it goes on until it is killed.
 *
 * @module
 */

const utf8 = new TextEncoder();

/** What the broker said to somebody is told this many times at most. */
const MAX_TOLD = 20;

let told = 0;

/** One hostile connection. */
class Attacker {
  readonly #conn: Deno.Conn;
  /** False once the broker has hung up. */
  isOpen = true;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async dial(port: number): Promise<Attacker> {
    return new Attacker(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** One that was let in. */
  static async connect(port: number): Promise<Attacker> {
    const attacker = await Attacker.dial(port);
    await attacker.write("CONNECT\naccept-version:1.2\nhost:x\n\n\0");
    const answer = await attacker.read();
    if (!answer.startsWith("CONNECTED")) throw new Error(answer);
    return attacker;
  }

  /** Writes all of it, however slowly the broker takes it. */
  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? utf8.encode(data) : data;
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#conn.write(bytes.subarray(at));
      }
    } catch {
      this.isOpen = false;
    }
  }

  async read(): Promise<string> {
    const buffer = new Uint8Array(16 << 10);
    const count = await this.#conn.read(buffer).catch(() => null);
    return count === null
      ? ""
      : new TextDecoder().decode(buffer.subarray(0, count));
  }

  /** Tells what the broker says in the end. */
  async tellRefusal(): Promise<void> {
    let said = "";
    for (let more = " "; more !== "";) {
      more = await this.read();
      said += more;
    }
    const why = /message:(.*)/.exec(said)?.[1] ?? "without a word";
    if (told++ < MAX_TOLD) console.log(`refused: ${why}`);
    this.isOpen = false;
  }

  close(): void {
    try {
      this.#conn.close();
    } catch {
      // It has been closed for another reason.
    }
  }
}

async function many(
  count: number,
  make: () => Promise<Attacker>,
): Promise<Attacker[]> {
  const made: Attacker[] = [];
  while (made.length < count) {
    made.push(
      ...await Promise.all(
        Array.from({ length: Math.min(50, count - made.length) }, make),
      ),
    );
  }
  return made;
}

/** Keeps each of them at it until it is thrown out, then sends another. */
function besiege(
  count: number,
  attack: (port: number) => Promise<Attacker>,
  port: number,
): void {
  for (let i = 0; i < count; i++) {
    (async () => {
      for (;;) {
        try {
          const attacker = await attack(port);
          await attacker.tellRefusal();
          attacker.close();
        } catch {
          // Not even let in: a moment later, perhaps.
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
  }
}

/** One byte to each of them now and then. */
function drip(attackers: readonly Attacker[], text: string): void {
  let at = 0;
  setInterval(() => {
    const byte = text[at++ % text.length]!;
    for (const attacker of attackers) {
      if (attacker.isOpen) void attacker.write(byte);
    }
  }, 20);
}

const SEND = "SEND\ndestination:/queue/siege\n";

const ATTACKS: Readonly<Record<string, (port: number) => Promise<unknown>>> = {
  /** Connections that say nothing. */
  silence: (port) => many(1000, () => Attacker.dial(port)),

  /** CONNECT that never ends, byte by byte. */
  async "slow CONNECT"(port) {
    drip(
      await many(200, () => Attacker.dial(port)),
      "CONNECT\naccept-version:1.2",
    );
  },

  /** A message that never ends, byte by byte. */
  async "slow body"(port) {
    const attackers = await many(200, () => Attacker.connect(port));
    for (const attacker of attackers) {
      await attacker.write(`${SEND}content-length:1000000\n\n`);
    }
    drip(attackers, "x");
  },

  /** A body is promised that no memory could hold. */
  "huge content-length": (port) => {
    besiege(50, async (port) => {
      const attacker = await Attacker.connect(port);
      await attacker.write(`${SEND}content-length:100000000000\n\n`);
      return attacker;
    }, port);
    return Promise.resolve();
  },

  /** A body within the limits is promised, begun, and not sent. */
  async "promised bodies"(port) {
    const attackers = await many(200, () => Attacker.connect(port));
    for (const attacker of attackers) {
      await attacker.write(`${SEND}content-length:100000000\n\n`);
      await attacker.write(new Uint8Array(32 << 10));
    }
  },

  /** Bodies that do not end, each of them within the limits. */
  "unfinished bodies": (port) => {
    besiege(10, async (port) => {
      const attacker = await Attacker.connect(port);
      await attacker.write(`${SEND}content-length:100000000\n\n`);
      const piece = new Uint8Array(64 << 10);
      (async () => {
        for (let sent = 0; sent < 60e6 && attacker.isOpen; sent += 64 << 10) {
          await attacker.write(piece);
        }
      })();
      return attacker;
    }, port);
    return Promise.resolve();
  },

  /** Headers without an end. */
  "endless headers": (port) => {
    besiege(20, async (port) => {
      const attacker = await Attacker.connect(port);
      await attacker.write(SEND);
      const line = `${"h".repeat(100)}:${"v".repeat(1000)}\n`;
      (async () => {
        while (attacker.isOpen) await attacker.write(line);
      })();
      return attacker;
    }, port);
    return Promise.resolve();
  },

  /** One header line without an end. */
  "endless header line": (port) => {
    besiege(20, async (port) => {
      const attacker = await Attacker.connect(port);
      await attacker.write(`${SEND}h:`);
      const piece = "v".repeat(4000);
      (async () => {
        while (attacker.isOpen) await attacker.write(piece);
      })();
      return attacker;
    }, port);
    return Promise.resolve();
  },

  /** More subscriptions than anybody needs. */
  "many subscriptions": (port) => {
    besiege(50, async (port) => {
      const attacker = await Attacker.connect(port);
      for (let id = 0; id < 1200 && attacker.isOpen; id++) {
        await attacker.write(
          `SUBSCRIBE\nid:${id}\ndestination:/topic/${id}\n\n\0`,
        );
      }
      return attacker;
    }, port);
    return Promise.resolve();
  },

  /** Subscribers that read nothing of a topic and a queue that others fill. */
  async "unread subscriptions"(port) {
    const readers = await many(20, () => Attacker.connect(port));
    for (const kind of ["topic", "queue"]) {
      for (const reader of readers) {
        await reader.write(
          `SUBSCRIBE\nid:${kind}\ndestination:/${kind}/siege\nack:client-individual\nactivemq.prefetchSize:100000\n\n\0`,
        );
      }
    }
    const writer = await Attacker.connect(port);
    const body = "x".repeat(64 << 10);
    (async () => {
      // 64 MB to each, which nobody takes.
      for (let sent = 0; sent < 1000; sent++) {
        const kind = sent % 2 === 0 ? "topic" : "queue";
        await writer.write(`SEND\ndestination:/${kind}/siege\n\n${body}\0`);
      }
    })();
  },

  /** Handshakes of TLS that are begun and never finished. */
  "unfinished TLS": (port) => {
    besiege(400, async (port) => {
      const attacker = await Attacker.dial(port);
      await attacker.write(new Uint8Array([22, 3, 1, 0, 100, 1]));
      return attacker;
    }, port);
    return Promise.resolve();
  },

  /** Connections that come and go. */
  "coming and going": (port) => {
    for (let i = 0; i < 20; i++) {
      (async () => {
        for (;;) (await Attacker.dial(port)).close();
      })().catch(() => {});
    }
    return Promise.resolve();
  },
};

const [name = "", port = ""] = Deno.args;
await ATTACKS[name]!(Number(port));
console.log("attacking");
setInterval(() => {}, 1000);
