/**
 * What a broker has done since its start.
 *
 * @module
 */

/** Counted where it happens, in one place for the whole broker. */
export interface Counters {
  /** Clients served since the start. */
  connectionsTotal: number;
  /** Clients turned away or not let in since the start. */
  connectionsRefused: number;
  /** Messages taken in since the start. */
  messagesIn: number;
  /** Deliveries made since the start. */
  messagesOut: number;
  /** Messages that came back unacknowledged since the start. */
  messagesReturned: number;
  /** Messages dropped since the start because their time was over. */
  messagesExpired: number;
  /** Messages moved to the queue of dead letters since the start. */
  messagesDead: number;
}

/** Everything is still to come. */
export function zeroCounters(): Counters {
  return {
    connectionsTotal: 0,
    connectionsRefused: 0,
    messagesIn: 0,
    messagesOut: 0,
    messagesReturned: 0,
    messagesExpired: 0,
    messagesDead: 0,
  };
}
