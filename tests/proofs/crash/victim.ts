/**
 * ssm as it is, and a moment at which it dies: `victim.ts ORDER ARGUMENT…`.
 *
 * The first argument is an {@linkcode Order} in JSON, the others are those of ssm.
 *
 * @module
 */
import { run } from "../../../lib/cli/mod.ts";
import { type Order, Reaper } from "./reaper.ts";

const [order, ...args] = Deno.args;
const reaper = new Reaper(JSON.parse(order!) as Order);
switch (args[0]) {
  case "send":
    (await import("./marks/sender_marks.ts")).markSender(reaper);
    break;
  case "receive":
    (await import("./marks/receiver_marks.ts")).markReceiver(reaper);
    break;
  case "ssm1":
    (await import("./marks/ssm1_marks.ts")).markSsm1(reaper);
    break;
  case "broker":
    (await import("./marks/broker_marks.ts")).markBroker(reaper);
    break;
}
Deno.exit(await run(args));
