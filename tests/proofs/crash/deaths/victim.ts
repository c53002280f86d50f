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
    if (isAms(args)) {
      (await import("../marks/ams_marks.ts")).markAmsSender(death);
    } else (await import("../marks/sender_marks.ts")).markSender(death);
    break;
  case "receive":
    if (isAms(args)) {
      (await import("../marks/ams_marks.ts")).markAmsReceiver(death);
    } else (await import("../marks/receiver_marks.ts")).markReceiver(death);
    break;
  case "ssm1":
    (await import("../marks/ssm1_marks.ts")).markSsm1(death);
    break;
  case "broker":
    if (isAms(args)) {
      (await import("../marks/ams_marks.ts")).markAmsServer(death);
    } else (await import("../marks/broker_marks.ts")).markBroker(death);
    break;
}
Deno.exit(await run(args));

/** Whether it is AMS that is spoken: told by an option, or by the configuration. */
function isAms(args: readonly string[]): boolean {
  if (args.some((arg) => arg.startsWith("--ams="))) return true;
  const config = args.find((arg) => arg.startsWith("--config="));
  return config !== undefined &&
    /^protocol\s*[=:]\s*AMS$/m.test(
      Deno.readTextFileSync(config.slice("--config=".length)),
    );
}
