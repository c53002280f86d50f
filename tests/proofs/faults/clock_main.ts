/**
 * The program on a machine whose clock is set forward by a day upon SIGUSR1, and
 * back by a day upon SIGUSR2; the times of files stay what they are. With `ahead`
 * as its first argument it is ahead by a day from the beginning.
 *
 * @module
 */
import { run } from "../../../lib/cli/mod.ts";

const DAY_MS = 86_400_000;
const RealDate = Date;

const isAhead = Deno.args[0] === "ahead";

let shiftMs = isAhead ? DAY_MS : 0;

function now(): number {
  return RealDate.now() + shiftMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parts) =>
    Reflect.construct(target, parts.length === 0 ? [now()] : parts),
  get: (target, name) => name === "now" ? now : Reflect.get(target, name),
});

function set(byMs: number): void {
  shiftMs += byMs;
  console.log(`The clock was set to ${new Date().toISOString()}`);
}

Deno.addSignalListener("SIGUSR1", () => set(DAY_MS));
Deno.addSignalListener("SIGUSR2", () => set(-DAY_MS));

Deno.exit(await run(isAhead ? Deno.args.slice(1) : Deno.args));
