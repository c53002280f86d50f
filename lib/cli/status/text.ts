/**
 * The status as lines for people.
 *
 * @module
 */
import type { BrokerState } from "../state/run_state.ts";
import { age, counted, localTime, tableOf } from "../views/table.ts";
import type {
  CertificateStatus,
  CrlsStatus,
  IncomingStatus,
  LockGroup,
  OutgoingStatus,
  RejectStatus,
  StatusDocument,
} from "./document.ts";
import { processLines, type StatusLine } from "./process_text.ts";

/** All lines, the parts under headings. */
export function statusLines(status: StatusDocument): StatusLine[] {
  const { outgoing, incoming, reject, process, broker } = status;
  const now = Date.parse(status.time);
  const parts: [heading: string, lines: readonly StatusLine[] | undefined][] = [
    ["Outgoing", outgoing && outgoingLines(outgoing)],
    ["Incoming", incoming && incomingLines(incoming)],
    ["Reject", reject && rejectLines(reject)],
    ["Process", process && processLines(process, status.role, now)],
    ["Queues", broker && brokerLines(broker)],
    ["Valid until", validityLines(status)],
    [
      "Not known",
      status.failed.map(({ part, reason }) => [`${part}: ${reason}`, "bad"]),
    ],
  ];
  return parts.flatMap(([heading, lines = []]): StatusLine[] =>
    lines.length === 0 ? [] : [
      [heading, "heading"],
      ...lines.map(([text, emphasis]): StatusLine => [`  ${text}`, emphasis]),
    ]
  );
}

function ago(seconds: number): string {
  return `${age(0, seconds * 1000)} ago`;
}

function outgoingLines(outgoing: OutgoingStatus): StatusLine[] {
  const { path, files, bytes, oldest_seconds: oldest } = outgoing;
  const since = oldest === null ? "" : `, the oldest from ${ago(oldest)}`;
  return [
    [`${counted(files, "file")}, ${
      counted(bytes, "byte")
    }, in ${path}${since}`],
    ...outgoing.locks.map((group): StatusLine => [lockWords(group)]),
    ...outgoing.unsent.slice(0, SHOWN).map(({ id, reason }): StatusLine => [
      `not sent: ${id}: ${reason}`,
      "bad",
    ]),
    ...more(outgoing.unsent.length, "more not sent"),
    ...outgoing.skipped.map((words): StatusLine => [words, "bad"]),
  ];
}

/** Of what may be many, so many are shown. */
const SHOWN = 10;

function more(count: number, what: string): StatusLine[] {
  return count > SHOWN ? [[`… and ${count - SHOWN} ${what}`]] : [];
}

function lockWords(
  { pid, host, running, files, oldest_seconds }: LockGroup,
): string {
  const since = `the first ${ago(oldest_seconds)}`;
  if (pid === null) return `${files} locked by an unknown program, ${since}`;
  const state = running ? "which runs" : "which does not run any more";
  return `${files} locked by process ${pid} on ${host}, ${state}, ${since}`;
}

function incomingLines(
  { path, elements, oldest_seconds: oldest }: IncomingStatus,
): StatusLine[] {
  const since = oldest === null ? "" : `, the oldest from ${ago(oldest)}`;
  return [[`${counted(elements, "message")}, in ${path}${since}`]];
}

function rejectLines(
  { path, total, newest, grouped, groups }: RejectStatus,
): StatusLine[] {
  const since = newest === null
    ? ""
    : `, the latest from ${localTime(Date.parse(newest))}`;
  const [headings = "", ...rows] = tableOf([
    { heading: "COUNT", text: ({ count }) => `${count}`, align: "right" },
    {
      heading: "NEWEST",
      text: ({ newest }) => localTime(Date.parse(newest)),
    },
    { heading: "SIGNER", text: ({ signer }) => signer ?? "not known" },
    { heading: "REASON", text: ({ reason }) => reason },
  ], groups.slice(0, SHOWN));
  return [
    [`${counted(total, "message")}, in ${path}${since}`],
    ...(grouped < total
      ? [[`the latest ${grouped} of them:`] satisfies StatusLine]
      : []),
    ...(rows.length > 0 ? [[headings, "heading"] satisfies StatusLine] : []),
    ...rows.map((row): StatusLine => [row]),
    ...more(groups.length, "more reasons and signers"),
  ];
}

function brokerLines(broker: BrokerState): StatusLine[] {
  const { connections, queued, queued_bytes, queue_count, queues } = broker;
  const lines = tableOf([
    { heading: "DEPTH", text: ({ depth }) => `${depth}`, align: "right" },
    {
      heading: "CONSUMERS",
      text: ({ consumers }) => `${consumers}`,
      align: "right",
    },
    {
      heading: "QUEUE",
      text: ({ host, name }) => host === null ? name : `${host} ${name}`,
    },
  ], queues);
  return [
    [
      `${counted(queued, "message")}, ${counted(queued_bytes, "byte")}, in ${
        counted(queue_count, "queue")
      }; ${counted(connections, "connection")}`,
    ],
    ...(queues.length > 0
      ? lines.map((text, row): StatusLine =>
        row === 0 ? [text, "heading"] : [text]
      )
      : []),
    ...(queue_count > queues.length
      ? [[`… and ${queue_count - queues.length} more`] satisfies StatusLine]
      : []),
  ];
}

function validityLines(
  { certificate, server_cert, crls }: StatusDocument,
): StatusLine[] {
  return [
    ...(certificate ? [certificateLine("certificate", certificate)] : []),
    ...(server_cert ? [certificateLine("server_cert", server_cert)] : []),
    ...(crls ? crlLines(crls) : []),
  ];
}

function certificateLine(
  name: string,
  { dn, not_after, seconds_left }: CertificateStatus,
): StatusLine {
  return [
    `${name}: ${localTime(Date.parse(not_after))}, ${
      left(seconds_left)
    }: ${dn}`,
    seconds_left < 0 ? "bad" : undefined,
  ];
}

function crlLines({ path, files, expired, first }: CrlsStatus): StatusLine[] {
  if (files === 0) return [[`CRLs: there is none in ${path}`, "bad"]];
  const words = first &&
    `, the first ${localTime(Date.parse(first.next_update))}, ${
      left(first.seconds_left)
    }: ${first.issuer}`;
  return [
    [`CRLs: ${files}${words ?? ""}`],
    ...(expired > 0
      ? [
        [
          `${expired} of them expired, or none: run fetch-crl`,
          "bad",
        ] satisfies StatusLine,
      ]
      : []),
  ];
}

function left(seconds: number): string {
  const time = age(0, Math.abs(seconds) * 1000);
  return seconds < 0 ? `expired ${time} ago` : `in ${time}`;
}
