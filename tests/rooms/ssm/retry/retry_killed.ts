/**
 * Judges again what waits in reject, with everything accepted, until it is done or
 * killed: `retry_killed.ts DIRECTORY`. It says what it does, line by line.
 *
 * @module
 */
import { Logger } from "../../../../lib/log/mod.ts";
import { DirqSchema, MarkedElements } from "../../../../lib/spool/mod.ts";
import {
  receive,
  RETRY_FIELD,
  UntrustedRetry,
} from "../../../../lib/ssm/mod.ts";
import { systemClock } from "../../../../lib/time/mod.ts";
import { plainEnvelope } from "../../../kit/receiving.ts";

const [dir = ""] = Deno.args;
const open = (queue: string) =>
  DirqSchema.open(`${dir}/${queue}`, {
    ledgerDirectory: `${dir}/ledger/${queue}`,
  });
const stop = new AbortController();
const log = new Logger("retry", [({ message }) => console.log(message)]);
const waiting = new MarkedElements(`${dir}/reject`, {
  mark: RETRY_FIELD,
  // Nobody else works here, so every lock is of one that was killed.
  maxLockMs: -1,
});
const carrier = new UntrustedRetry({
  waiting,
  envelope: plainEnvelope,
  trustState: () => "",
  log,
  clock: systemClock,
  lookEveryMs: 1,
  everyMs: 1,
});
const clock = systemClock;
await receive({
  ...{ carrier, envelope: plainEnvelope, log, clock, signal: stop.signal },
  incoming: await open("incoming"),
  reject: await open("reject"),
  onFiled: async () => {
    if ((await waiting.list()).length === 0) stop.abort();
  },
});
