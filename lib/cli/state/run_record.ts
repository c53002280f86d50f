/**
 * The record of a run: what others may know of it, from its beginning to its end.
 *
 * @module
 */
import type { LogRecord } from "../../log/mod.ts";
import type { Filed, SendOutcome } from "../../ssm/mod.ts";
import { type Clock, systemClock } from "../../time/mod.ts";
import { VERSION } from "../../version.ts";
import type { Run } from "../process/logged_run.ts";
import { thisProcess } from "../process/self.ts";
import type { BrokerState, Role, RunState } from "./run_state.ts";
import { StateFile } from "./state_file.ts";
import { Tally } from "./tally.ts";

/** Settings of a {@linkcode RunRecord}. */
export interface RunRecordOptions {
  readonly role: Role;
  /** The configuration file. */
  readonly config: string;
  /** Where the record is kept. */
  readonly spool: string;
  /** As of the spool's files. */
  readonly umask: number;
  /** Hears of what keeps the record from being written. */
  readonly warn: (message: string) => void;
  /** What the embedded broker has. */
  readonly broker?: () => BrokerState;
  readonly clock?: Clock;
}

/** Keeps the record while the run lasts. */
export class RunRecord {
  /** What became of messages. */
  readonly tally: Tally;
  readonly #options: RunRecordOptions;
  readonly #clock: Clock;
  readonly #file: StateFile;
  #ended: { at: string; succeeded: boolean } | undefined;

  constructor(options: RunRecordOptions) {
    const { role, spool, umask, warn, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    const onChange = () => this.#file.changed();
    this.tally = new Tally({ role, clock, onChange });
    this.#file = new StateFile({
      ...{ spool, role, clock, warn },
      fileMode: 0o666 & ~umask,
      directoryMode: 0o777 & ~umask,
      document: () => this.#state(),
    });
  }

  /** Something is different of which the tally does not know. */
  changed(): void {
    this.#file.changed();
  }

  /** Hears the log. */
  readonly hear = (record: LogRecord): void => this.tally.hear(record);

  /** Counts what a receiver did with a message. */
  readonly filed = ({ outcome }: Pick<Filed, "outcome">): void => {
    this.tally.count(OUTCOMES[outcome]);
  };

  /** Counts what a sender did with a file. */
  readonly outcome = ({ name, outcome, reason = "" }: SendOutcome): void => {
    if (outcome === "sent") this.tally.sent(name);
    else this.tally.notSent(name, reason);
  };

  /** The run is over. */
  end(succeeded: boolean): void {
    this.#ended = { at: this.#clock.date().toISOString(), succeeded };
    this.#file.end();
  }

  #state(): RunState {
    const { role, config, broker } = this.#options;
    const { pid, host, since } = thisProcess();
    return {
      ...{ format: 1, role, version: VERSION, pid, host, config },
      started: new Date(since).toISOString(),
      written: this.#clock.date().toISOString(),
      ended: this.#ended?.at ?? null,
      succeeded: this.#ended?.succeeded ?? null,
      ...this.tally.state,
      ...(this.#ended && { connected_to: null, connected_since: null }),
      broker: broker?.() ?? null,
    };
  }
}

const OUTCOMES = {
  incoming: "received",
  reject: "rejected",
  duplicate: "duplicates",
  left: "failed",
} as const;

/**
 * Works while a record is kept of it. The record ends after the work has been put
 * away, and with what the log said of a failure.
 */
export async function recorded(
  { log, listen, cleanup }: Pick<Run, "log" | "listen" | "cleanup">,
  options: Omit<RunRecordOptions, "warn">,
  work: (record: RunRecord) => Promise<void>,
): Promise<void> {
  const warn = (words: string) => log.warning(words);
  const record = new RunRecord({ ...options, warn });
  listen(record.hear);
  let succeeded = false;
  cleanup.defer(() => record.end(succeeded));
  await work(record);
  succeeded = true;
}
