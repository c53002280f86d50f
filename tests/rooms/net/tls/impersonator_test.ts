import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { SsmError } from "../../../../lib/errors.ts";
import {
  dial,
  listen,
  type PeerCertificates,
} from "../../../../lib/net/mod.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { type Disguise, Impersonator } from "./impersonator.ts";
import { LEAF_FORMS } from "./leaf_forms.ts";
import { keyPair } from "../../../kit/pki/key_pair.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { send } from "../streams.ts";

const HOST = "127.0.0.1";
const PARTS = ["openssl", "erlang-ssl"] as const;
const made = sharedServer(["openssl"], testPki);
const stranger = sharedServer(
  ["erlang-ssl"],
  () => Promise.resolve(new Impersonator()),
);

/** Another key of the same kind: what a thief of the certificate alone has. */
function thiefOf(key: KeyObject): KeyObject {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails!;
  switch (key.asymmetricKeyType) {
    case "ec":
      return generateKeyPairSync("ec", { namedCurve: namedCurve! }).privateKey;
    case "ed25519":
      return generateKeyPairSync("ed25519").privateKey;
    default:
      return generateKeyPairSync("rsa", { modulusLength: modulusLength! })
        .privateKey;
  }
}

/** What happens to a broker in that disguise; we say "hello" to one that we take. */
async function asBroker(disguise: Disguise) {
  const judged: PeerCertificates[] = [];
  const { port, outcome } = await stranger().serve(disguise);
  const verify = (peer: PeerCertificates) => void judged.push(peer);
  const socket = await dial({ host: HOST, port, tls: { verify } })
    .catch((error: Error) => error);
  if (socket instanceof Error) {
    return { error: socket, judged, seen: await outcome() };
  }
  await send(socket, "hello");
  const seen = await outcome();
  socket.close();
  return { error: undefined, judged, seen };
}

/** What happens to a client in that disguise; we say "hello" to one that we take. */
async function asClient(disguise: Disguise) {
  const judged: PeerCertificates[] = [];
  const refused = Promise.withResolvers<Error>();
  await using listener = await listen({
    tls: {
      keyPair: keyPair(made().server),
      clientCertificate: "required",
      verify: (peer) => void judged.push(peer),
    },
    onRefused: refused.resolve,
  });
  const next = listener[Symbol.asyncIterator]().next();
  const outcome = stranger().connect(disguise, listener.port);
  const first = await Promise.race([next, refused.promise]);
  if (first instanceof Error) {
    return { error: first, judged, seen: await outcome };
  }
  await send(first.value!, "hello");
  const seen = await outcome;
  first.value!.close();
  return { error: undefined, judged, seen };
}

/** Erlang has Ed25519 in TLS 1.3 only. */
function versionsFor({ asymmetricKeyType }: KeyObject): Disguise["version"][] {
  return asymmetricKeyType === "ed25519" ? ["tlsv1.3"] : ["tlsv1.3", "tlsv1.2"];
}

const ROLES = [["a broker", asBroker], ["a client", asClient]] as const;

for (const { what, leaf, key, refused } of LEAF_FORMS) {
  for (const [role, play] of ROLES) {
    testWith(
      PARTS,
      `nobody poses as ${role} with a leaf: ${what}`,
      async () => {
        for (const version of versionsFor(key)) {
          // The owner of an odd leaf is refused as well: he cannot be told from a thief.
          const keys = refused ? [thiefOf(key), key] : [thiefOf(key)];
          for (const shown of keys) {
            const { error, judged, seen } = await play({
              version,
              leaf,
              key: shown,
            });
            assert.ok(error instanceof SsmError);
            // The impersonator itself gives up on some of these.
            const said = `${error.code}: ${error.message}`;
            assert.match(
              said,
              /^(TRUST|TLS): |^CONNECT: .*closed by the peer$/,
            );
            assert.deepEqual(judged, []);
            assert.match(seen, /^(refused|silent)$/);
          }
          if (refused) continue;
          const { error, judged, seen } = await play({ version, leaf, key });
          assert.equal(error, undefined);
          assert.deepEqual(judged, [{ leaf, others: [] }]);
          assert.equal(seen, "heard 5");
        }
      },
    );
  }
}

/** A form of the certificates that every site has. */
const ORDINARY = LEAF_FORMS[0]!;

for (const version of ["tlsv1.3", "tlsv1.2"] as const) {
  testWith(
    PARTS,
    `dial() and listen() name the proof that a thief fails in ${version}`,
    async () => {
      const { leaf, key } = ORDINARY;
      const thief = { version, leaf, key: thiefOf(key) };
      for (const [, play] of ROLES) {
        const { error } = await play(thief);
        assert.match(
          error!.message,
          /: the \w+ does not prove that its certif/,
        );
      }
    },
  );
}
