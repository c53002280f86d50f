/**
 * What the embedded broker tells others of itself.
 *
 * @module
 */
import type { Broker, BrokerQueue } from "../../broker/mod.ts";
import type { Clock } from "../../time/mod.ts";
import type { BrokerState } from "../state/run_state.ts";

/** Queues that are named. */
const MAX_QUEUES = 100;

/** How often it is told, in ms. */
const EVERY_MS = 20_000;

/** As of now; of very many queues the fullest. */
export function brokerState(
  broker: Pick<Broker, "queues" | "stats">,
): BrokerState {
  const { connections, queued, queuedBytes } = broker.stats();
  const queues = [...broker.queues()];
  return {
    connections,
    queued,
    queued_bytes: queuedBytes,
    queue_count: queues.length,
    queues: queues.sort(byDepth).slice(0, MAX_QUEUES).map(
      ({ host, name, depth, consumers }) => ({
        host: host === "" ? null : host,
        ...{ name, depth, consumers },
      }),
    ),
  };
}

function byDepth(a: BrokerQueue, b: BrokerQueue): number {
  return b.depth - a.depth || (a.name < b.name ? -1 : 1);
}

/** Calls back again and again, until it is disposed. */
export function regularly(clock: Clock, callback: () => void): Disposable {
  let cancel = () => {};
  const wait = () => {
    cancel = clock.after(EVERY_MS, () => {
      callback();
      wait();
    });
  };
  wait();
  return { [Symbol.dispose]: () => cancel() };
}
