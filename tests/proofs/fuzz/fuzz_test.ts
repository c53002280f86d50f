import { fuzz } from "./target.ts";
import { TARGETS } from "./targets/mod.ts";

/** The same inputs in every run, as far as the time goes, unless told otherwise. */
const SEED = Number(Deno.env.get("SSM_FUZZ_SEED") ?? 1);
const SECONDS = Number(Deno.env.get("SSM_FUZZ_SECONDS") ?? 1);

for (const target of TARGETS) {
  Deno.test(`changed samples break no promise of ${target.name} (seed ${SEED})`, async () => {
    // A finding names its seed and number, and how to see it again.
    await fuzz(target, { seed: SEED, seconds: SECONDS });
  });
}
