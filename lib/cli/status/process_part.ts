/**
 * The process that runs, or the last one that did.
 *
 * @module
 */
import {
  COUNTED,
  inLastHour,
  type Outcome,
  type Role,
  type RunState,
} from "../state/run_state.ts";
import { type KnownRun, knownRuns } from "../state/state_directory.ts";
import type { CountStatus, ProcessStatus } from "./document.ts";

/** What its state file says. */
export interface KnownProcess {
  readonly status: ProcessStatus;
  readonly state: RunState | undefined;
}

/** Looks at the state files of a role. */
export function processPart(
  spool: string,
  role: Role,
  now: Date,
): KnownProcess {
  const runs = knownRuns(spool).filter(({ state }) => state.role === role);
  const [latest, ...others] = runs;
  const state = latest?.state;
  return {
    state,
    status: {
      running: latest?.running ?? false,
      outcome: outcomeOf(latest),
      pid: state?.pid ?? null,
      host: state?.host ?? null,
      version: state?.version ?? null,
      started: state?.started ?? null,
      ended: state?.ended ?? null,
      written: state?.written ?? null,
      // Nobody has written that it ended, if it was killed.
      connected_to: latest?.running ? latest.state.connected_to : null,
      connected_since: latest?.running ? latest.state.connected_since : null,
      last_error: state?.last_error ?? null,
      others_running: others.filter(({ running }) => running).length,
      ...(state && countsOf(state, now)),
    },
  };
}

function outcomeOf(run: KnownRun | undefined): ProcessStatus["outcome"] {
  if (run === undefined) return "none";
  if (run.running) return "running";
  if (run.state.ended === null) return "killed";
  return run.state.succeeded ? "succeeded" : "failed";
}

function countsOf(
  { role, counts }: RunState,
  now: Date,
): Partial<Record<Outcome, CountStatus>> {
  const known: Partial<Record<Outcome, CountStatus>> = {};
  for (const name of COUNTED[role]) {
    const count = counts[name];
    if (!count) continue;
    const { total, last } = count;
    known[name] = { total, last_hour: inLastHour(count, now), last };
  }
  return known;
}
