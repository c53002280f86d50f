/**
 * A longer crash run, by hand: `deno task crash [--over NAME] [--kills N] [--seed N]`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { testPki } from "../../kit/pki/test_pki.ts";
import { crashRun } from "./runs/crash_run.ts";
import { Random } from "../../kit/random.ts";
import { ROUTES, tollOf } from "./runs/routes.ts";

const { values } = parseArgs({
  options: {
    over: { type: "string", default: "embedded" },
    kills: { type: "string", default: "1000" },
    seed: { type: "string" },
  },
});
const route = ROUTES[values.over];
if (route === undefined) {
  console.error(`--over is one of ${Object.keys(ROUTES).join(", ")}`);
  Deno.exit(2);
}
await using pki = await testPki();
await using broker = await route.start(pki);
console.log(
  await crashRun({
    pki,
    broker,
    meet: route.meet,
    toll: tollOf(Number(values.kills), route),
    random: new Random(
      values.seed === undefined ? undefined : Number(values.seed),
    ),
  }),
);
