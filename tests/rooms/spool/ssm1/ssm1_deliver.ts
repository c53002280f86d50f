/**
 * Delivers messages `0` to `COUNT - 1`, and says so line by line, until it is killed:
 * `ssm1_deliver.ts PATH COUNT`.
 *
 * @module
 */
import { Ssm1Incoming } from "../../../../lib/spool/mod.ts";
import { deliver } from "../incoming_suite.ts";

const [path = "", count = "0"] = Deno.args;
const spool = await Ssm1Incoming.open(path);
await spool.tidy();
for (let first = 0; first < Number(count); first += 4) {
  const keys = [0, 1, 2, 3].map((i) => `${first + i}`);
  await Promise.all(keys.map((key) => deliver(spool, key)));
  console.log(first);
}
