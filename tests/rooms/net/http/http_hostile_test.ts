import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { isSsmError } from "../../../../lib/errors.ts";
import { type PeerAnswer, raw, reply } from "../../../kit/net/https_peer.ts";
import { HttpClient } from "../../../../lib/net/mod.ts";
import { Wire } from "../../../kit/net/faulty_wire.ts";
import { GET, httpSite } from "./http_site.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Writes a text again and again, until the client has had enough. */
function endless(start: string, text: string): PeerAnswer {
  return (socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write(text));
      if (!socket.destroyed) socket.once("drain", pour);
    };
    socket.write(start);
    pour();
  };
}

const ANSWERS: Readonly<Record<string, readonly [PeerAnswer, string]>> = {
  "no HTTP": [raw("SSH-2.0-OpenSSH_9\r\n"), "HTTP_PROTOCOL"],
  "an answer of HTTP 0.9": [raw("{}", "ends"), "HTTP_PROTOCOL"],
  "a chunk size that is none": [raw(`${CHUNKED}zz\r\n{}\r\n`), "HTTP_PROTOCOL"],
  "two lengths": [
    raw(`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `),
    "HTTP_PROTOCOL",
  ],
  "a length and chunks": [
    raw(
      `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ),
    "HTTP_PROTOCOL",
  ],
  "a negative length": [
    raw(`${OK}Content-Length: -1\r\n\r\n{}`),
    "HTTP_PROTOCOL",
  ],
  "a NUL in a header": [raw(`${OK}X: a\0b\r\n\r\n`), "HTTP_PROTOCOL"],
  "headers without end": [endless(OK, "X: a\r\n"), "HTTP_PROTOCOL"],
  "a header without end": [endless(`${OK}X: `, "aaaaaaaa"), "HTTP_PROTOCOL"],
  "a body that is longer than the limit": [
    reply(200, new Uint8Array(1001)),
    "LIMIT",
  ],
  "100 MB announced": [raw(`${OK}Content-Length: 100000000\r\n\r\n`), "LIMIT"],
  "chunks without end": [endless(CHUNKED, "8\r\naaaaaaaa\r\n"), "LIMIT"],
  "a body without length and without end": [
    endless(`${OK}\r\n`, "aaaaaaaa"),
    "LIMIT",
  ],
  "trailers without end": [
    endless(`${CHUNKED}0\r\n`, "X: a\r\n"),
    "HTTP_PROTOCOL",
  ],
  "a packed bomb": [
    reply(200, gzipSync(new Uint8Array(900_000)), {
      "Content-Encoding": "gzip",
    }),
    "HTTP_PROTOCOL",
  ],
  "a change of the protocol": [
    raw("HTTP/1.1 101 Now\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
    "CONNECTION_LOST",
  ],
  "a cut before the answer": [(socket) => void socket.end(), "CONNECTION_LOST"],
  "a cut in the status line": [raw("HTTP/1.1 2", "ends"), "CONNECTION_LOST"],
  "a cut in a header": [raw(`${OK}Conte`, "ends"), "CONNECTION_LOST"],
  "a cut in the body": [
    raw(`${OK}Content-Length: 9\r\n\r\n{}`, "ends"),
    "CONNECTION_LOST",
  ],
  "a cut in a chunk": [raw(`${CHUNKED}9\r\n{}`, "ends"), "CONNECTION_LOST"],
  "a cut after a chunk": [
    raw(`${CHUNKED}2\r\n{}\r\n`, "ends"),
    "CONNECTION_LOST",
  ],
};

for (const [what, [answer, code]] of Object.entries(ANSWERS)) {
  Deno.test(`HttpClient refuses ${what}, and goes on`, async () => {
    await using site = await httpSite();
    site.peer.answer = answer;
    await assert.rejects(
      site.client.call({ ...GET, maxAnswerBytes: 1000 }),
      (error) =>
        isSsmError(error) && assert.equal(error.code, code) === undefined &&
        !/[^\x20-\x7e]/.test(error.message),
    );
    site.peer.answer = reply(200, "good");
    const { body } = await site.client.call(GET);
    assert.equal(body.length, 4);
    // Nothing that was refused is used again.
    assert.equal(site.peer.last.connection, 2);
  });
}

for (
  const [what, answer] of [
    ["hints without end", endless("", "HTTP/1.1 100 Continue\r\n\r\n")],
    ["a chunk extension without end", endless(`${CHUNKED}8;`, "aaaaaaaa")],
  ] as const
) {
  Deno.test(`HttpClient bears with ${what} until the deadline alone`, async () => {
    await using site = await httpSite();
    site.peer.answer = answer;
    await assert.rejects(site.client.call({ ...GET, timeoutMs: 300 }), {
      code: "TIMEOUT",
    });
    site.peer.answer = reply(200, "good");
    await site.client.call(GET);
  });
}

const GOOD: Readonly<Record<string, readonly [PeerAnswer, string]>> = {
  "chunks": [
    raw(`${CHUNKED}1\r\na\r\n2;x=y\r\nbc\r\n0\r\nX: y\r\n\r\n`),
    "abc",
  ],
  "a body that ends with the connection": [raw(`${OK}\r\nabc`, "ends"), "abc"],
  "no body": [raw("HTTP/1.1 204 No Content\r\n\r\n"), ""],
  "a hint before": [
    raw(`HTTP/1.1 103 Hint\r\nX: y\r\n\r\n${OK}Content-Length: 1\r\n\r\na`),
    "a",
  ],
  "as much as the limit allows": [
    reply(200, "a".repeat(1000)),
    "a".repeat(1000),
  ],
  "HTTP 1.0": [raw("HTTP/1.0 200 OK\r\n\r\nabc", "ends"), "abc"],
};

for (const [what, [answer, body]] of Object.entries(GOOD)) {
  Deno.test(`HttpClient takes ${what}`, async () => {
    await using site = await httpSite();
    site.peer.answer = answer;
    const said = await site.client.call({ ...GET, maxAnswerBytes: 1000 });
    assert.equal(new TextDecoder().decode(said.body), body);
  });
}

Deno.test("HttpClient takes an answer that comes before all is sent", async () => {
  await using site = await httpSite();
  // The peer reads nothing more once it has the head.
  site.peer.early = reply(413, "too much", { Connection: "close" });
  const answer = site.client.call({
    ...GET,
    method: "POST",
    body: new Uint8Array(8e6),
  });
  assert.equal((await answer).status, 413);
});

Deno.test("HttpClient follows no redirection", async () => {
  await using site = await httpSite();
  await using other = await httpSite();
  const location = `https://localhost:${other.peer.port}/?key=1`;
  for (const status of [301, 302, 303, 307, 308]) {
    site.peer.answer = reply(status, "", { Location: location });
    const answer = await site.client.call(GET);
    assert.equal(answer.status, status);
    assert.equal(answer.location, location);
  }
  assert.equal(other.peer.connections, 0);
});

for (const direction of ["up", "down"] as const) {
  for (const how of ["cut", "half-close"] as const) {
    Deno.test(`HttpClient notices at once a ${how} after any byte ${direction}, from the handshake on`, async () => {
      await using site = await httpSite();
      site.peer.answer = reply(200, "good");
      // The handshake, a call and its answer have fewer bytes.
      for (let after = 1; after < 4000; after += 130) {
        const fault = { direction, after, how };
        await using wire = Wire.start(site.peer.port, { fault: () => fault });
        using client = new HttpClient({
          ...{ host: "localhost", port: wire.port },
          // The moment between handshake and call, drawn out.
          tls: { verify: () => new Promise((judged) => setTimeout(judged)) },
        });
        const outcome = await client.call(GET).then(
          ({ status }) => status,
          (error) => isSsmError(error) ? error.code : error,
        );
        assert.ok(
          [200, "CONNECT", "TLS", "CONNECTION_LOST"].includes(outcome),
          `${after}: ${outcome}`,
        );
      }
    });
  }
}
