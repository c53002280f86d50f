/**
 * ssm as it is, and a moment at which it dies: `victim.ts ORDER ARGUMENT…`.
 *
 * The first argument is an {@linkcode DeathOrder} in JSON, the others are those of ssm.
 *
 * @module
 */
import { run } from "../../../../lib/cli/mod.ts";
import { type DeathOrder, OrderedDeath } from "./ordered_death.ts";

const [order, ...args] = Deno.args;
const death = new OrderedDeath(JSON.parse(order!) as DeathOrder);
switch (args[0]) {
  case "send":
    (await import("../marks/sender_marks.ts")).markSender(death);
    break;
  case "receive":
    (await import("../marks/receiver_marks.ts")).markReceiver(death);
    break;
  case "ssm1":
    (await import("../marks/ssm1_marks.ts")).markSsm1(death);
    break;
  case "broker":
    (await import("../marks/broker_marks.ts")).markBroker(death);
    break;
}
Deno.exit(await run(args));
