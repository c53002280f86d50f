import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { type ErrorCode, SsmError } from "../../../../lib/errors.ts";
import {
  dial,
  listen,
  type PeerCertificates,
} from "../../../../lib/net/mod.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { der, keyPair } from "../../../kit/pki/key_pair.ts";
import { type TestPki, testPki } from "../../../kit/pki/test_pki.ts";
import { openssl } from "../../../peers/openssl/openssl.ts";
import { opensslServer } from "../../../peers/openssl/openssl_server.ts";
import { accept, failure, receive, send } from "../streams.ts";

const HOST = "127.0.0.1";
const made = sharedServer(["openssl"], testPki);

/** An encrypted PKCS #8, with the passphrase `secret`. */
const ENCRYPTED = ["pkcs8", "-topk8", "-passout", "pass:secret"];
/** The encrypted form that `openssl` had before. */
const OLD_ENCRYPTED = [
  "rsa",
  "-traditional",
  "-aes256",
  "-passout",
  "pass:secret",
];

/** `key` written anew by an `openssl` command. */
async function rewriteKey(key: string, command: string[]): Promise<string> {
  return new TextDecoder().decode(await openssl(command, { stdin: key }));
}

function test(name: string, fn: (pki: TestPki) => Promise<void>): void {
  testWith(["openssl"], name, () => fn(made()));
}

test("dial() shows the verifier what the broker sent, for the name that was dialled", async (m) => {
  await using server = await opensslServer(m);
  const seen: [PeerCertificates, string][] = [];
  const socket = await dial({
    host: "localhost",
    port: server.port,
    tls: { verify: (...shown) => void seen.push(shown) },
  });
  assert.deepEqual(seen, [[
    { leaf: der(m.server), others: [der(m.ca.credentials)] },
    "localhost",
  ]]);
  assert.deepEqual(socket.peer, seen[0]![0]);
  socket.close();
});

test("dial() tells of no certificate that nobody judged", async (m) => {
  await using server = await opensslServer(m);
  const { port } = server;
  const socket = await dial({ host: HOST, port, tls: { verify: "none" } });
  assert.equal(socket.peer, undefined);
  socket.close();
});

test("dial() sends nothing before the verifier has accepted", async (m) => {
  await using listener = await listen({
    tls: { keyPair: keyPair(m.server), clientCertificate: "none" },
  });
  const verdict = Promise.withResolvers<void>();
  const dialling = dial({
    host: HOST,
    port: listener.port,
    tls: { verify: () => verdict.promise },
  });
  const peer = await accept(listener);
  const refusal = new SsmError("TRUST", "Cannot trust: no such CA");
  verdict.reject(refusal);
  await assert.rejects(dialling, refusal);
  assert.equal(await receive(peer, 1).catch(() => ""), "");
  peer.close();
});

test("dial() gives up on a verifier that does not answer", async (m) => {
  await using server = await opensslServer(m);
  await assert.rejects(
    dial({
      host: HOST,
      port: server.port,
      connectTimeoutMs: 500,
      tls: { verify: () => new Promise(() => {}) },
    }),
    failure("CONNECT", /: timed out after 500 ms$/),
  );
});

test("dial() sends SNI for a name and none for an address", async (m) => {
  const { certificatePem: cert, keyPem: key } = m.server;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const seen: (string | undefined)[] = [];
  const server = createTlsServer({ cert, key }, (
    socket: TLSSocket & { servername?: string | false },
  ) => {
    seen.push(socket.servername || undefined);
    socket.on("error", () => {});
    if (seen.length === 3) resolve();
  });
  await new Promise<void>((ready) => server.listen(0, HOST, ready));
  const { port } = server.address() as AddressInfo;
  for (
    const [host, serverName] of [
      ["localhost", undefined],
      [HOST, undefined],
      [HOST, "broker.example.org"],
    ] as const
  ) {
    const shown: string[] = [];
    const socket = await dial({
      host,
      port,
      tls: { serverName, verify: (_, name) => void shown.push(name) },
    });
    assert.deepEqual(shown, [serverName ?? host]);
    socket.close();
  }
  await done;
  server.close();
  assert.deepEqual(seen, ["localhost", undefined, "broker.example.org"]);
});

/** The client's key in every dress that administrators have. */
const KEYS: readonly [string, "host" | "ec", string[], string?][] = [
  ["PKCS #8 RSA", "host", ["pkcs8", "-topk8", "-nocrypt"]],
  ["PKCS #1", "host", ["rsa", "-traditional"]],
  ["PKCS #8 EC", "ec", ["pkcs8", "-topk8", "-nocrypt"]],
  ["SEC 1", "ec", ["ec"]],
  ["encrypted PKCS #8", "host", ENCRYPTED, "secret"],
  ["encrypted PKCS #1", "host", OLD_ENCRYPTED, "secret"],
];

for (const [what, whose, command, passphrase] of KEYS) {
  test(`dial() shows the client's certificate with a key in ${what}`, async (m) => {
    await using listener = await listen({
      tls: { keyPair: keyPair(m.server), clientCertificate: "required" },
    });
    const key = await rewriteKey(m[whose].keyPem, command);
    const socket = await dial({
      host: HOST,
      port: listener.port,
      tls: {
        keyPair: { certificate: m[whose].certificatePem, key, passphrase },
        verify: "none",
      },
    });
    const peer = await accept(listener);
    assert.deepEqual(peer.peer?.leaf, der(m[whose]));
    await send(socket, "hello");
    assert.equal(await receive(peer, 5), "hello");
    socket.close();
    peer.close();
  });
}

/** Key pairs of no use, refused before any connection. */
const BAD_PAIRS: readonly [
  string,
  (
    m: TestPki,
  ) => Promise<{ certificate?: string; key?: string; passphrase?: string }>,
  string,
  string | RegExp,
][] = [
  [
    "a key of another certificate",
    (m) => Promise.resolve({ key: m.server.keyPem }),
    "KEY",
    "Cannot use private key: it does not belong to the certificate",
  ],
  [
    "an encrypted key without passphrase",
    async (m) => ({
      key: await rewriteKey(m.host.keyPem, ENCRYPTED),
    }),
    "KEY",
    "Cannot read private key: it is encrypted and no passphrase is given",
  ],
  [
    "an old encrypted key without passphrase",
    async (m) => ({
      key: await rewriteKey(m.host.keyPem, OLD_ENCRYPTED),
    }),
    "KEY",
    "Cannot read private key: it is encrypted and no passphrase is given",
  ],
  [
    "an encrypted key with a wrong passphrase",
    async (m) => ({
      key: await rewriteKey(m.host.keyPem, ENCRYPTED),
      passphrase: "wrong",
    }),
    "KEY",
    "Cannot read private key: it is encrypted and the passphrase does not open it",
  ],
  [
    "a key that is none",
    () => Promise.resolve({ key: "secret words" }),
    "KEY",
    "Cannot read private key: it is not a PEM private key of a supported kind",
  ],
  [
    "a certificate that is none",
    () => Promise.resolve({ certificate: "words" }),
    "CERTIFICATE",
    /^Cannot read certificate: /,
  ],
];

for (const [what, change, code, message] of BAD_PAIRS) {
  test(`dial() refuses ${what}`, async (m) => {
    const pair = { ...keyPair(m.host), ...await change(m) };
    await assert.rejects(
      dial({ host: HOST, port: 1, tls: { keyPair: pair, verify: "none" } }),
      (error) => {
        assert.ok(error instanceof SsmError);
        assert.equal(error.code, code);
        assert.match(
          error.message,
          typeof message === "string" ? new RegExp(`^${message}$`) : message,
        );
        assert.equal(
          JSON.stringify([error.message, String(error.cause ?? "")]).includes(
            "secret",
          ),
          false,
        );
        return true;
      },
    );
  });
}

const OLD_TLS =
  "offers only old TLS \\(needs TLS 1\\.2 with ECDHE and AES-GCM, or TLS 1\\.3\\)";

/** Servers that do not shake hands, as `openssl s_server` plays them. */
const REFUSALS: readonly [string, string[], boolean, string][] = [
  [
    "wants a client certificate, TLS 1.2",
    ["-tls1_2", "-Verify", "1"],
    false,
    `the broker wants a client certificate, or ${OLD_TLS}`,
  ],
  [
    "only has RSA key exchange",
    ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
    true,
    `the broker ${OLD_TLS}`,
  ],
  [
    "only has CBC ciphers",
    ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"],
    true,
    `the broker ${OLD_TLS}`,
  ],
  [
    "only has TLS 1.1",
    ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
    true,
    `the broker ${OLD_TLS}`,
  ],
];

for (const [what, options, certified, words] of REFUSALS) {
  test(`dial() says why when the broker ${what}`, async (m) => {
    await using server = await opensslServer(m, ...options);
    const pair = certified ? keyPair(m.host) : undefined;
    await assert.rejects(
      dial({
        host: HOST,
        port: server.port,
        tls: { keyPair: pair, verify: "none" },
      }),
      failure(
        "TLS",
        new RegExp(`^Cannot connect to ${HOST}:${server.port}: ${words}$`),
      ),
    );
  });
}

test("dial() makes readable that a TLS 1.3 broker wants a client certificate, after the handshake", async (m) => {
  await using server = await opensslServer(m, "-tls1_3", "-Verify", "1");
  const { port } = server;
  const socket = await dial({ host: HOST, port, tls: { verify: "none" } });
  await assert.rejects(
    socket.readable.getReader().read(),
    failure(
      "TLS",
      `Lost connection to ${HOST}:${port}: the broker wants a client certificate`,
    ),
  );
  await assert.rejects(
    socket.writable.getWriter().write(new Uint8Array(1)),
    failure("TLS", /the broker wants a client certificate$/),
  );
  socket.close();
});

/** Servers that do not speak TLS at all. */
const PLAIN: readonly [string, (socket: Socket) => void, ErrorCode, RegExp][] =
  [
    [
      "greets",
      (socket) => socket.write("220 welcome\r\n"),
      "TLS",
      /: this port does not speak TLS$/,
    ],
    [
      "answers in plain",
      (socket) => socket.on("data", () => socket.write("ERROR\n\n\0")),
      "TLS",
      /: this port does not speak TLS$/,
    ],
    [
      "closes",
      (socket) => socket.on("data", () => socket.destroy()),
      // It may be a broker that is about to stop: waiting may help.
      "CONNECT",
      /: no TLS handshake, /,
    ],
    [
      "is silent",
      () => {},
      "CONNECT",
      /: no TLS handshake, timed out after 200 ms$/,
    ],
  ];

for (const [what, behave, code, message] of PLAIN) {
  test(`dial() finds out a port without TLS that ${what}`, async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      behave(socket);
    });
    await new Promise<void>((ready) => server.listen(0, HOST, ready));
    const { port } = server.address() as AddressInfo;
    const connectTimeoutMs = what === "is silent" ? 200 : 10_000;
    await assert.rejects(
      dial({ host: HOST, port, connectTimeoutMs, tls: { verify: "none" } }),
      failure(code, message),
    );
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  });
}

test("dial() stops during the handshake when its signal is aborted", async () => {
  await using listener = await listen();
  const controller = new AbortController();
  const dialling = dial({
    host: HOST,
    port: listener.port,
    signal: controller.signal,
    tls: { verify: "none" },
  });
  const peer = await accept(listener);
  controller.abort();
  await assert.rejects(dialling, failure("ABORTED", /stopped on request$/));
  peer.close();
});
