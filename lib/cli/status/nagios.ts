/**
 * The status as the one line of a Nagios plug-in.
 *
 * Source: Monitoring Plugins Development Guidelines, "Plugin Output for Nagios".
 *
 * @module
 */
import { counted } from "../views/table.ts";
import type { StatusDocument } from "./document.ts";
import type { Limits } from "./limits.ts";

const LEVELS = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;
const [OK, WARNING, CRITICAL, UNKNOWN] = [0, 1, 2, 3] as const;

/** The exit status of a plug-in. */
export type NagiosStatus = 0 | 1 | 2 | 3;

/** A number to be judged, and drawn. */
interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: "" | "s" | "B";
  /** Which of the limits it has; `days` is a least, the others a most. */
  readonly limit?: keyof Limits;
  readonly words: string;
}

const DAY_SECONDS = 86_400;

/** A part with something to say. */
interface Judgement {
  readonly level: NagiosStatus;
  readonly words: string;
}

/** The line, and the status. */
export function nagiosLine(
  status: StatusDocument,
  { warn, crit }: { warn: Limits; crit: Limits },
): { line: string; status: NagiosStatus } {
  const measures = measuresOf(status);
  const judgements = [
    ...measures.map((measure): Judgement => ({
      level: exceeds(measure, crit)
        ? CRITICAL
        : exceeds(measure, warn)
        ? WARNING
        : OK,
      words: measure.words,
    })),
    ...stateOf(status),
  ];
  const worst =
    [CRITICAL, UNKNOWN, WARNING, OK].find((level) =>
      judgements.some((judgement) => judgement.level === level)
    ) ?? OK;
  const told = judgements.filter(({ level }) =>
    worst === OK ? level === OK : level !== OK
  ).sort((a, b) => rank(b.level) - rank(a.level));
  const words = told.map(({ words }) => words).filter((words) => words !== "");
  const data = measures.map((measure) => performance(measure, warn, crit));
  // The text ends at the first bar.
  const text = `SSM ${LEVELS[worst]} - ${
    words.join("; ").replaceAll("|", "/")
  }`;
  return {
    line: data.length === 0 ? text : `${text} | ${data.join(" ")}`,
    status: worst,
  };
}

/** What cannot be looked at counts less than what is known to be bad. */
function rank(level: NagiosStatus): number {
  return [OK, WARNING, UNKNOWN, CRITICAL].indexOf(level);
}

function measuresOf(status: StatusDocument): Measure[] {
  const { outgoing, incoming, reject, certificate, server_cert, broker } =
    status;
  const measures: Measure[] = [];
  const add = (
    name: string,
    value: number | null,
    rest: Omit<Measure, "name" | "value">,
  ) => {
    if (value !== null) measures.push({ name, value, ...rest });
  };
  if (outgoing) {
    const { files, oldest_seconds: oldest } = outgoing;
    add("outgoing_files", files, {
      ...{ unit: "", limit: "count" },
      words: `${counted(files, "file")} to send`,
    });
    add("outgoing_bytes", outgoing.bytes, { unit: "B", words: "" });
    add("outgoing_oldest", oldest, {
      ...{ unit: "s", limit: "age" },
      words: `the oldest to send waits for ${oldest} s`,
    });
  }
  if (incoming) {
    const { elements, oldest_seconds: oldest } = incoming;
    add("incoming_elements", elements, {
      ...{ unit: "", limit: "count" },
      words: `${counted(elements, "message")} in incoming`,
    });
    add("incoming_oldest", oldest, {
      ...{ unit: "s", limit: "age" },
      words: `the oldest in incoming waits for ${oldest} s`,
    });
  }
  if (reject) {
    add("reject_total", reject.total, {
      ...{ unit: "", limit: "rejects" },
      words: `${counted(reject.total, "message")} in reject`,
    });
  }
  if (broker) {
    add("queued", broker.queued, {
      ...{ unit: "", limit: "count" },
      words: `${counted(broker.queued, "message")} in queues`,
    });
  }
  const ends = [
    ["certificate", certificate],
    ["server_cert", server_cert],
  ] as const;
  for (const [name, one] of ends) {
    if (!one) continue;
    const days = Math.floor(one.seconds_left / DAY_SECONDS);
    const state = days < 0 ? "has expired" : `ends in ${counted(days, "day")}`;
    add(`${name}_days`, days, {
      ...{ unit: "", limit: "days" },
      words: `${name} ${state}`,
    });
  }
  return measures;
}

function exceeds({ value, limit }: Measure, limits: Limits): boolean {
  if (limit === undefined) return false;
  const bound = limits[limit];
  if (bound === undefined) return false;
  return limit === "days" ? value < bound : value > bound;
}

/** What is no number. */
function stateOf(status: StatusDocument): Judgement[] {
  const { role, process, crls, outgoing, failed } = status;
  const judgements: Judgement[] = failed.map(({ part, reason }) => ({
    level: UNKNOWN,
    words: `${part}: ${reason}`,
  }));
  const add = (level: NagiosStatus, words: string) =>
    judgements.push({ level, words });
  if (process?.outcome === "failed") {
    add(WARNING, `the last ${role} failed: ${process.last_error?.text}`);
  } else if (process?.outcome === "killed") {
    add(WARNING, `the last ${role} was killed`);
  }
  // A sender may be started by cron.
  if (process?.running === false && ["receiver", "broker"].includes(role)) {
    add(CRITICAL, `no ${role} runs`);
  }
  if (outgoing && outgoing.skipped.length > 0) {
    add(WARNING, outgoing.skipped.join("; "));
  }
  if (crls && crls.files === 0) add(WARNING, `no CRLs in ${crls.path}`);
  if (crls && crls.expired > 0) {
    add(WARNING, `${counted(crls.expired, "CRL")} expired: run fetch-crl`);
  }
  return judgements;
}

function performance(
  { name, value, unit, limit }: Measure,
  warn: Limits,
  crit: Limits,
): string {
  const range = (limits: Limits) => {
    const bound = limit === undefined ? undefined : limits[limit];
    if (bound === undefined) return "";
    return limit === "days" ? `${bound}:` : `${bound}`;
  };
  return `${name}=${value}${unit};${range(warn)};${range(crit)}`
    .replace(/;+$/, "");
}
