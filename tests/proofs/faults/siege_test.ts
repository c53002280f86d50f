import assert from "node:assert/strict";
import { dial } from "../../../lib/net/mod.ts";
import { StompClient } from "../../../lib/stomp/mod.ts";
import { Running, ssmCommand } from "../../kit/programs/program.ts";
import { siteTests } from "../../kit/programs/program_site.ts";
import { besiege, SIEGES } from "./siege.ts";

const test = siteTests();

/** What an attack may cost the broker, in MB; most of it is what nobody reads of 64 MB. */
const MAX_COST_MB = 400;

const ROUNDS = 20;

for (const [attack, refusal] of SIEGES) {
  // It takes some hundred megabytes to come to the limit; a test of the broker does it with less.
  if (attack === "unfinished bodies") continue;
  test(`ssm broker serves others, within its limits, under attack: ${attack}`, async ({ pki }) => {
    const { certificatePath, keyPath } = pki.server;
    const tls = attack.includes("TLS");
    const figures = await besiege(attack, {
      rounds: ROUNDS,
      refusal,
      tls,
      args: tls
        ? [
          "--tls=on",
          `--certificate=${certificatePath}`,
          `--key=${keyPath}`,
        ]
        : [],
    });
    assert.equal(figures.besieged.length, 2 * ROUNDS);
    const cost = figures.peakMb - figures.calmMb;
    assert.ok(cost < MAX_COST_MB, `it cost ${cost} MB`);
  });
}

test("ssm broker accepts again after somebody has taken all of its file descriptors", async () => {
  const command = ssmCommand(["broker", "--port=0"]);
  const limited = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"] as const;
  await using broker = new Running([...limited, ...command]);
  const line = await broker.line(/Broker listening on /);
  const target = {
    hostname: "127.0.0.1",
    port: Number(/:(\d+), /.exec(line)![1]),
  };
  for (let siege = 0; siege < 2; siege++) {
    const connections = await Promise.all(
      Array.from({ length: 200 }, () => Deno.connect(target)),
    );
    for (const connection of connections) connection.close();
    await using client = await patientClient(target);
    await client.send("/queue/a", new Uint8Array(1), { receipt: true });
  }
});

/** As clients are: it tries again until it is let in. */
async function patientClient(
  { hostname: host, port }: { hostname: string; port: number },
): Promise<StompClient> {
  for (;;) {
    try {
      return await StompClient.connect(await dial({ host, port }), {
        connectTimeoutMs: 1000,
      });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
