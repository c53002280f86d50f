/**
 * The process as lines for people.
 *
 * @module
 */
import type { Emphasis } from "../command/terminal.ts";
import type { Outcome, Role } from "../state/run_state.ts";
import { age, localTime } from "../views/table.ts";
import type { CountStatus, ProcessStatus } from "./document.ts";

/** A line, and how it stands out. */
export type StatusLine = readonly [
  text: string,
  emphasis?: Emphasis | undefined,
];

const WORDS: readonly (readonly [Outcome, string])[] = [
  ["sent", "sent"],
  ["received", "received"],
  ["rejected", "rejected"],
  ["duplicates", "received before"],
  ["failed", "failed"],
];

/** The lines about it. */
export function processLines(
  process: ProcessStatus,
  role: Role,
  now: number,
): StatusLine[] {
  if (process.outcome === "none") {
    return [[`none has left word: no ${role} runs, or has run`, "quiet"]];
  }
  const { last_error: error, others_running: others } = process;
  return [
    stateLine(process, now),
    ...connectionLines(process, role),
    ...countLines(process),
    ...(error
      ? [
        [
          `last error ${localTime(Date.parse(error.time))}: ${error.text}`,
          "bad",
        ] satisfies StatusLine,
        ...(error.hint ? [[`→ ${error.hint}`] satisfies StatusLine] : []),
      ]
      : []),
    ...(others > 0
      ? [[`further processes that run here: ${others}`] satisfies StatusLine]
      : []),
  ];
}

function stateLine(process: ProcessStatus, now: number): StatusLine {
  const { pid, host, started, ended, written, outcome } = process;
  const who = `process ${pid} on ${host}`;
  const since = localTime(Date.parse(started!));
  switch (outcome) {
    case "running":
      return [
        `${who} runs since ${since}; as of ${
          age(Date.parse(written!), now)
        } ago`,
        "good",
      ];
    case "killed":
      return [
        `${who}, begun ${since}, was killed after ${
          localTime(Date.parse(written!))
        }`,
        "bad",
      ];
    default: {
      const end = localTime(Date.parse(ended!));
      return outcome === "failed"
        ? [`${who}, begun ${since}, failed ${end}`, "bad"]
        : [`${who}, begun ${since}, ended well ${end}`];
    }
  }
}

/** The broker is not connected to anything. */
function connectionLines(
  { running, connected_to: to, connected_since: since }: ProcessStatus,
  role: Role,
): StatusLine[] {
  if (!running || role === "broker") return [];
  return to === null
    ? [["not connected"]]
    : [[`connected to ${to} since ${localTime(Date.parse(since!))}`]];
}

function countLines(process: ProcessStatus): StatusLine[] {
  const known = WORDS.flatMap(([name, words]): [string, CountStatus][] => {
    const count = process[name];
    return count ? [[words, count]] : [];
  });
  if (known.length === 0) return [];
  const total = known.map(([words, { total }]) => `${words} ${total}`);
  const hour = known.map(([words, { last_hour }]) => `${words} ${last_hour}`);
  return [
    [`in all:           ${total.join(", ")}`],
    [`in the last hour: ${hour.join(", ")}`],
  ];
}
