/**
 * A server of TLS 1.3 by hand, up to the end of its handshake: it shows any
 * bytes as its certificate and signs with any key, which no library lets one do.
 *
 * It speaks X25519 and TLS_AES_128_GCM_SHA256 alone. Source: RFC 8446 §4, §7.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { type AddressInfo, createServer } from "node:net";

/** Certificate and key, which need not belong together; the key is RSA or on P-256. */
export interface Shown {
  readonly leaf: Uint8Array;
  readonly key: KeyObject;
  /** What follows the leaf. @default nothing */
  readonly others?: readonly Uint8Array[];
}

/** A server that runs through the handshake with every client and then waits. */
export async function serveFlight(
  shown: Shown,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((client) => {
    let heard = Buffer.alloc(0);
    client.on("error", () => {});
    client.on("data", function greet(bytes: Uint8Array) {
      heard = Buffer.concat([heard, bytes]);
      if (heard.length < 5 || heard.length < 5 + heard.readUInt16BE(3)) return;
      client.off("data", greet).resume();
      client.write(flight(heard.subarray(5, 5 + heard.readUInt16BE(3)), shown));
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => server.close(() => closed())),
  };
}

const NOTHING = Buffer.alloc(0);
const GROUP_X25519 = 29;
const EXTENSION = { supportedVersions: 43, keyShare: 51 };
const MESSAGE = {
  serverHello: 2,
  encryptedExtensions: 8,
  certificate: 11,
  certificateVerify: 15,
  finished: 20,
};
/** What precedes the 32 octets of a public key of X25519 in its SubjectPublicKeyInfo. */
const X25519_HEAD = Buffer.from("302a300506032b656e032100", "hex");

/** All that the server says after that ClientHello, as records. */
function flight(clientHello: Uint8Array, shown: Shown): Uint8Array {
  const { sessionId, share } = readClientHello(Buffer.from(clientHello));
  const own = generateKeyPairSync("x25519");
  const secret = diffieHellman({
    privateKey: own.privateKey,
    publicKey: createPublicKey({
      key: Buffer.concat([X25519_HEAD, share]),
      format: "der",
      type: "spki",
    }),
  });
  const serverHello = message(
    MESSAGE.serverHello,
    ...[Buffer.of(3, 3), randomBytes(32), sized(1, sessionId)],
    Buffer.of(0x13, 0x01, 0),
    sized(
      2,
      ...extension(EXTENSION.supportedVersions, Buffer.of(3, 4)),
      ...extension(
        EXTENSION.keyShare,
        number(2, GROUP_X25519),
        sized(
          2,
          own.publicKey.export({ format: "der", type: "spki" }).subarray(-32),
        ),
      ),
    ),
  );
  const hello = Buffer.concat([clientHello, serverHello]);
  const early = hmac(Buffer.alloc(32), Buffer.alloc(32));
  const handshake = hmac(expand(early, "derived", hash(NOTHING), 32), secret);
  const traffic = expand(handshake, "s hs traffic", hash(hello), 32);
  const said = messages(hello, traffic, shown);
  return Buffer.concat([
    Buffer.of(22, 3, 3),
    sized(2, serverHello),
    ...sealed(said, traffic),
  ]);
}

/** The encrypted messages of the handshake, one after the other. */
function messages(
  hello: Uint8Array,
  traffic: Uint8Array,
  { leaf, key, others = [] }: Shown,
): Uint8Array {
  const extensions = message(MESSAGE.encryptedExtensions, sized(2));
  const certificate = message(
    MESSAGE.certificate,
    sized(1),
    sized(3, ...[leaf, ...others].flatMap((one) => [sized(3, one), sized(2)])),
  );
  let all = Buffer.concat([hello, extensions, certificate]);
  const [scheme, signature] = prove(hash(all), key);
  const verify = message(
    MESSAGE.certificateVerify,
    number(2, scheme),
    sized(2, signature),
  );
  all = Buffer.concat([all, verify]);
  const finished = message(
    MESSAGE.finished,
    hmac(expand(traffic, "finished", NOTHING, 32), hash(all)),
  );
  return Buffer.concat([extensions, certificate, verify, finished]);
}

/** Scheme and signature of CertificateVerify (§4.4.3). */
function prove(transcript: Uint8Array, key: KeyObject): [number, Uint8Array] {
  const content = Buffer.concat([
    Buffer.alloc(64, 0x20),
    Buffer.from("TLS 1.3, server CertificateVerify\0"),
    transcript,
  ]);
  if (key.asymmetricKeyType === "ec") {
    return [0x0403, sign("sha256", content, key)];
  }
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return [0x0804, sign("sha256", content, { key, padding, saltLength: 32 })];
}

/** Records of at most 2^14 octets under the server's handshake keys (§5.2). */
function* sealed(said: Uint8Array, traffic: Uint8Array): Generator<Uint8Array> {
  const key = expand(traffic, "key", NOTHING, 16);
  const iv = expand(traffic, "iv", NOTHING, 12);
  for (let at = 0, count = 0; at < said.length; at += 16_000, count++) {
    const inner = Buffer.concat([
      said.subarray(at, at + 16_000),
      Buffer.of(22),
    ]);
    const head = Buffer.concat([
      Buffer.of(23, 3, 3),
      number(2, inner.length + 16),
    ]);
    const nonce = Buffer.from(iv);
    nonce[11]! ^= count;
    const cipher = createCipheriv("aes-128-gcm", key, nonce);
    cipher.setAAD(head);
    yield Buffer.concat([
      ...[head, cipher.update(inner), cipher.final(), cipher.getAuthTag()],
    ]);
  }
}

/** What a ClientHello says that the answer needs (§4.1.2). */
function readClientHello(hello: Buffer): {
  sessionId: Uint8Array;
  share: Uint8Array;
} {
  let at = 4 + 2 + 32;
  const take = (lengthBytes: number): Buffer => {
    const start = at + lengthBytes;
    at = start + hello.readUIntBE(at, lengthBytes);
    return hello.subarray(start, at);
  };
  const sessionId = take(1);
  take(2); // cipher suites
  take(1); // compression methods
  const end = at + 2 + hello.readUInt16BE(at);
  for (at += 2; at < end;) {
    const type = hello.readUInt16BE(at);
    at += 2;
    const after = at + 2 + hello.readUInt16BE(at);
    if (type !== EXTENSION.keyShare) {
      at = after;
      continue;
    }
    for (at += 4; at < after;) {
      const group = hello.readUInt16BE(at);
      at += 2;
      const share = take(2);
      if (group === GROUP_X25519) return { sessionId, share };
    }
  }
  throw new Error("The client offers no share for X25519");
}

function message(type: number, ...parts: Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(type), sized(3, ...parts)]);
}

function extension(type: number, ...parts: Uint8Array[]): Buffer[] {
  return [number(2, type), sized(2, ...parts)];
}

/** Parts behind their length in so many octets. */
function sized(lengthBytes: number, ...parts: Uint8Array[]): Buffer {
  const all = Buffer.concat(parts);
  return Buffer.concat([number(lengthBytes, all.length), all]);
}

function number(bytes: number, value: number): Buffer {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(value, 0, bytes);
  return out;
}

function hash(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function hmac(key: Uint8Array, bytes: Uint8Array): Buffer {
  return createHmac("sha256", key).update(bytes).digest();
}

/** HKDF-Expand-Label (§7.1) of at most one block. */
function expand(
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Buffer {
  const info = Buffer.concat([
    number(2, length),
    sized(1, Buffer.from(`tls13 ${label}`)),
    sized(1, context),
    Buffer.of(1),
  ]);
  return hmac(secret, info).subarray(0, length);
}
