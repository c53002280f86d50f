/**
 * Fuzzes by hand: `deno run -A tests/proofs/fuzz/main.ts [TARGET|all] [SECONDS] [FIRST]`.
 *
 * `SSM_FUZZ_SEED` sets the seed; otherwise it is another one each time, and is
 * printed. FIRST is the number of the first input; with 0 seconds it is the only
 * one, which is how a finding is seen again.
 *
 * @module
 */
import { fuzz } from "./target.ts";
import { TARGETS } from "./targets/mod.ts";

async function main(args: readonly string[]): Promise<number> {
  const [name = "all", seconds = "10", first = "0"] = args;
  const seed = Number(
    Deno.env.get("SSM_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 32),
  );
  const targets = TARGETS.filter((one) => name === "all" || one.name === name);
  if (targets.length === 0) {
    console.log(`targets: ${TARGETS.map((one) => one.name).join(" ")}`);
    return 2;
  }
  let findings = 0;
  for (const target of targets) {
    console.log(`${target.name}: seed ${seed}, ${seconds} seconds`);
    try {
      const { inputs, slowest } = await fuzz(target, {
        seed,
        seconds: Number(seconds),
        first: Number(first),
      });
      console.log(
        `${target.name}: ${inputs} inputs, the slowest took ` +
          `${slowest.ms.toFixed(1)} ms (${slowest.input})`,
      );
    } catch (error) {
      findings++;
      console.log(`${target.name}: FINDING`, error);
    }
  }
  return findings > 0 ? 1 : 0;
}

Deno.exit(await main(Deno.args));
