/**
 * The outgoing walk over and over, for a process that stays.
 *
 * @module
 */
import { isSsmError, reason } from "../errors.ts";
import { backoff, type Clock, sleep } from "../stomp/mod.ts";
import { RetrySchedule } from "./retry_schedule.ts";
import { sendAll, type SendAllOptions } from "./sender.ts";

/** Settings of {@linkcode keepSending}. */
export interface KeepSendingOptions
  extends Omit<SendAllOptions, "schedule" | "onProgress"> {
  readonly clock: Clock;
  /** How often to look for new messages, in ms. */
  readonly checkEveryMs: number;
}

/**
 * Sends what waits, and what comes, until the signal is aborted. When no broker
 * or no receiver can be used it waits and tries again; what waits, waits in the
 * spool.
 */
export async function keepSending(options: KeepSendingOptions): Promise<void> {
  const { spool, signal, clock, log, checkEveryMs } = options;
  const schedule = new RetrySchedule({ clock });
  let failures = 0;
  while (!signal.aborted) {
    try {
      // Looks first, so that nothing to do is not worth a line every second.
      if (schedule.due(await spool.list()).length > 0) {
        await sendAll({ ...options, schedule });
      }
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      log.error(`Error processing outgoing messages: ${reason(error)}`);
      if (isSsmError(error) && error.hint) log.error(`Hint: ${error.hint}`);
    }
    await sleep(clock, Math.max(checkEveryMs, backoff(failures)), signal);
  }
}
