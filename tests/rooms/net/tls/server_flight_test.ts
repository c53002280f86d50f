import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { isSsmError } from "../../../../lib/errors.ts";
import { dial, type PeerCertificates } from "../../../../lib/net/mod.ts";
import { LEAF_FORMS } from "./leaf_forms.ts";
import { EC, RSA } from "./odd_leaf.ts";
import { serveFlight, type Shown } from "./server_flight.ts";

/** Keys of nobody's certificate, of the kinds that the flight signs with. */
const THIEF = {
  ec: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
};

/** Dials a server that shows that; what the verifier saw, and the error if it came to that. */
async function dialled(shown: Shown) {
  const judged: PeerCertificates[] = [];
  await using server = await serveFlight(shown);
  try {
    const socket = await dial({
      host: "127.0.0.1",
      port: server.port,
      tls: { verify: (peer) => void judged.push(peer) },
    });
    socket.close();
    return { judged };
  } catch (error) {
    return { judged, error };
  }
}

for (const { what, leaf, key, refused } of LEAF_FORMS) {
  Deno.test(`dial() is not taken in by a stranger's key with a leaf: ${what}`, async () => {
    for (const thief of Object.values(THIEF)) {
      const { judged, error } = await dialled({ leaf, key: thief });
      assert.ok(isSsmError(error, "TRUST") || isSsmError(error, "TLS"));
      assert.deepEqual(judged, []);
    }
    if (refused !== undefined || (key !== EC && key !== RSA)) return;
    const owner = await dialled({ leaf, key });
    assert.deepEqual(owner, { judged: [{ leaf, others: [] }] });
  });
}

Deno.test("dial() hangs up on a broker whose other certificates are none", async () => {
  const { leaf } = LEAF_FORMS[0]!;
  const others = [Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x01)];
  // Without that the server, which waits for its client to go, would never close.
  const { judged, error } = await dialled({ leaf, key: EC, others });
  assert.ok(isSsmError(error, "TLS"));
  assert.deepEqual(judged, []);
});
