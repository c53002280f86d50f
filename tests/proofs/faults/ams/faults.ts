/**
 * What goes wrong between a client and AMS.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import type { TLSSocket } from "node:tls";
import type { Answer, Fault } from "./fault_layer.ts";

/** One kind of fault. */
export interface KindOfFault {
  readonly name: string;
  readonly fault: Fault;
  /** What it means to a sender: that it ends, or that one message is not wanted. @default it goes on */
  readonly means?: "end" | "unwanted";
}

/** Statuses, and what each means when it is said of a call to publish. */
const STATUSES: readonly [number, KindOfFault["means"]?][] = [
  [400, "unwanted"],
  [401, "end"],
  [403, "end"],
  [404, "end"],
  [408],
  [409, "end"],
  [413, "unwanted"],
  [429],
  [500],
  [502],
  [503],
];

const MEGABYTE = new Uint8Array(1 << 20).fill(0x20);

const OK = { "Content-Type": "application/json" };

/** Each of them may happen to any call. */
export const FAULTS: readonly KindOfFault[] = [
  ...STATUSES.flatMap(([status, means]) =>
    [false, true].map((done): KindOfFault => ({
      name: `${status}, and ${done ? "it was done" : "nothing was done"}`,
      ...(means && { means }),
      fault: async ({ socket, forward }) => {
        if (done) await forward();
        say(socket, `<html>${status}</html>`, {
          status,
          headers: { "Retry-After": "1" },
        });
      },
    }))
  ),
  ...[301, 302, 303, 307, 308].map((status): KindOfFault => ({
    name: `a redirection with ${status}`,
    means: "end",
    fault: ({ socket }) =>
      say(socket, "", {
        status,
        headers: { Location: "https://localhost:1/v1/elsewhere" },
      }),
  })),
  ...["<html>welcome</html>", "", "null", "[]", "{", '"text"'].map((
    body,
  ): KindOfFault => ({
    name: `200 with ${JSON.stringify(body)}`,
    fault: ({ socket }) => say(socket, body, { headers: OK }),
  })),
  {
    name: "lists that are null",
    fault: async ({ socket, forward }) => {
      await forward();
      const body = '{"messageIds": null, "receivedMessages": null}';
      say(socket, body, { headers: OK });
    },
  },
  {
    name: "a length that is too short",
    fault: answered((socket, { body }) =>
      say(socket, body, { length: body.length >> 1 })
    ),
  },
  {
    name: "a length that is too long",
    fault: answered((socket, { body }) =>
      say(socket, body, { length: body.length + 10 })
    ),
  },
  {
    name: "an answer in chunks",
    fault: answered((socket, answer) => sayInChunks(socket, answer, "0\r\n")),
  },
  {
    name: "an answer in chunks that breaks off",
    fault: answered((socket, answer) => {
      sayInChunks(socket, answer, "");
      socket.end();
    }),
  },
  {
    name: "a packed answer",
    fault: answered((socket, { body }) =>
      say(socket, gzipSync(body), { headers: { "Content-Encoding": "gzip" } })
    ),
  },
  {
    name: "an answer of 100 MB",
    fault: async ({ socket, forward }) => {
      await forward();
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${100 << 20}\r\n\r\n`);
      for (let sent = 0; sent < 100 && !socket.destroyed; sent++) {
        if (socket.write(MEGABYTE)) continue;
        await eitherOf(socket, "drain", "close");
      }
    },
  },
  {
    name: "the answer twice",
    fault: answered((socket, { status, body }) => {
      say(socket, body, { status });
      say(socket, body, { status });
    }),
  },
  {
    name: "a call that is made twice",
    fault: async ({ socket, forward }) => {
      await forward();
      const { status, body } = await forward();
      say(socket, body, { status });
    },
  },
  {
    name: "no answer, and it is done",
    fault: async ({ forward }) => void await forward(),
  },
  {
    name: "a call that is made when nobody waits for it any more",
    fault: async ({ socket, forward }) => {
      await eitherOf(socket, "close");
      await forward();
    },
  },
  {
    name: "a cut before anything is done",
    fault: ({ socket }) => void socket.destroy(),
  },
];

/** The answer breaks off after this part of it, head and all. */
export function cutAfter(part: number): KindOfFault {
  return {
    name: `a cut after ${Math.round(100 * part)}% of the answer`,
    fault: answered((socket, { status, body }) => {
      const whole = `HTTP/1.1 ${status} OK\r\nContent-Type: application/json` +
        `\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      const bytes = Math.floor(part * (whole.length - 1));
      socket.write(whole.slice(0, bytes), () => socket.destroy());
    }),
  };
}

/** Says that it is done, and does nothing. */
export const MISSING: Fault = ({ socket }) => say(socket, "{}", {});

/** Comes when the time for it is over. */
export const LATE: Fault = async ({ socket, forward, clock }) => {
  clock.advance(11_000);
  const { status, body } = await forward();
  say(socket, body, { status });
};

async function eitherOf(
  socket: TLSSocket,
  ...events: readonly string[]
): Promise<void> {
  if (socket.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of events) socket.once(event, resolve);
  await promise;
}

function answered(tell: (socket: TLSSocket, answer: Answer) => void): Fault {
  return async ({ socket, forward }) => tell(socket, await forward());
}

function say(
  socket: TLSSocket,
  body: string | Uint8Array,
  { status = 200, headers = {}, length = body.length }: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly length?: number;
  },
): void {
  const lines = Object.entries({ ...headers, "Content-Length": `${length}` })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} Said\r\n${lines.join("")}\r\n`);
  if (body.length > 0) socket.write(body);
}

function sayInChunks(
  socket: TLSSocket,
  { status, body }: Answer,
  end: string,
): void {
  socket.write(`HTTP/1.1 ${status} OK\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (let at = 0; at < body.length; at += 100) {
    const chunk = body.slice(at, at + 100);
    socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  }
  if (end) socket.write(`${end}\r\n`);
}
