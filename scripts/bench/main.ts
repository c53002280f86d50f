/**
 * `deno task bench`: how fast, side by side with others on the same machine.
 *
 * `deno task bench ssm` measures sending and receiving, `deno task bench ams` the
 * same over AMS, `deno task bench brokers` the embedded broker, `deno task bench
 * attacks` the latter under attack; without an argument all are measured.
 *
 * @module
 */
import { measureAms } from "./ams.ts";
import { measureAttacks } from "./attacks.ts";
import { measureBrokers } from "./brokers/brokers.ts";
import { measureSsm } from "./ssm.ts";

const PARTS = new Map([
  ["ssm", measureSsm],
  ["ams", measureAms],
  ["brokers", measureBrokers],
  ["attacks", measureAttacks],
]);

const wanted = Deno.args.length > 0 ? Deno.args : [...PARTS.keys()];
for (const name of wanted) {
  if (PARTS.has(name)) continue;
  console.error(
    `Cannot measure "${name}": it is none of ${[...PARTS.keys()].join(", ")}`,
  );
  Deno.exit(2);
}
for (const name of wanted) await PARTS.get(name)!();
