/**
 * What a client of the embedded broker notices of hostile ones, and what these
 * cost the broker.
 *
 * @module
 */
import { besiege, SIEGES } from "../../tests/proofs/faults/siege.ts";
import { testPki } from "../../tests/kit/pki/test_pki.ts";

const ROUNDS = 200;

/** Prints a table in Markdown. */
export async function measureAttacks(): Promise<void> {
  await using pki = await testPki();
  const { certificatePath, keyPath } = pki.server;
  const tlsArgs = [
    "--tls=on",
    `--certificate=${certificatePath}`,
    `--key=${keyPath}`,
  ];
  console.log(
    `\nA message of 1 KB, sent, confirmed, received and acknowledged ${
      2 * ROUNDS
    } times under each attack.\n`,
  );
  console.log(
    "| attack | before: median, 99 % (ms) | during: median, 99 % (ms) | memory: before, most (MB) |",
  );
  console.log("|---|---:|---:|---:|");
  for (const [attack, refusal] of SIEGES) {
    const tls = attack.includes("TLS");
    const args = tls ? tlsArgs : [];
    const { calm, besieged, calmMb, peakMb } = await besiege(attack, {
      rounds: ROUNDS,
      refusal,
      tls,
      args,
    });
    console.log(
      `| ${attack} | ${quantiles(calm)} | ${quantiles(besieged)} | ${
        calmMb.toFixed(0)
      }, ${peakMb.toFixed(0)} |`,
    );
  }
}

/** Median and 99 %. */
function quantiles(sorted: readonly number[]): string {
  return [0.5, 0.99]
    .map((part) => sorted[Math.floor((sorted.length - 1) * part)]!.toFixed(1))
    .join(", ");
}
