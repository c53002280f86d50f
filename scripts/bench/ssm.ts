/**
 * ssm's sending and receiving, side by side with the way of the original, in
 * one run against one ActiveMQ.
 *
 * Figures of different runs or machines are not to be compared; ratios are.
 *
 * @module
 */
import { startActiveMq } from "../../tests/peers/activemq.ts";
import { missingParts, PARTS } from "../../tests/peers/parts.ts";
import { referenceReceive, referenceSend } from "./reference.ts";
import { type Outcome, showRatio, showRow } from "./rows.ts";
import { type BenchSite, fill, makeBenchSite, stompService } from "./site.ts";
import { receiveSsm, runSsm, startSsm } from "./ssm_process.ts";

const KB = 1 << 10;

interface Case {
  readonly name: string;
  readonly bytes: number;
  /** Messages for ssm, and for the much slower reference. */
  readonly counts: readonly [ssm: number, reference: number];
  readonly window: number;
  readonly aim: number;
}

const SEND_CASES: readonly Case[] = [
  {
    name: "send 1 KB, one at a time",
    bytes: KB,
    counts: [1500, 80],
    window: 1,
    aim: 5,
  },
  {
    name: "send 1 KB, window 32",
    bytes: KB,
    counts: [3000, 80],
    window: 32,
    aim: 10,
  },
  {
    name: "send 512 KB, one at a time",
    bytes: 512 * KB,
    counts: [200, 40],
    window: 1,
    aim: 3,
  },
];

const RECEIVE_CASES: readonly Case[] = [
  {
    name: "receive 1 KB, synced",
    bytes: KB,
    counts: [3000, 60],
    window: 32,
    aim: 25,
  },
  {
    name: "receive 512 KB, synced",
    bytes: 512 * KB,
    counts: [200, 40],
    window: 32,
    aim: 3,
  },
];

/** Prints the figures; says so where something that is needed is missing. */
export async function measureSsm(): Promise<void> {
  const missing = missingParts(["activemq", "openssl"]);
  if (missing.length > 0) {
    for (const part of missing) {
      console.error(
        `Cannot measure: ${part} is missing; ${PARTS[part].enable}`,
      );
    }
    Deno.exitCode = 1;
    return;
  }
  await using broker = await startActiveMq();
  await using site = await makeBenchSite(stompService(broker.stompPort));
  console.log(
    `ssm on Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ActiveMQ, persistent messages`,
  );
  showRow("", "ssm", "openssl forks", "ratio", "aim", "memory");
  // ActiveMQ's first messages are its slowest; nobody is to be charged for them.
  const measured = { site, port: broker.stompPort };
  await send(measured, { ...SEND_CASES[0]!, counts: [1000, 20] });
  for (const one of SEND_CASES) showRatio(one, await send(measured, one));
  for (const one of RECEIVE_CASES) showRatio(one, await receive(measured, one));
  await showDisk();
  await showStart(site);
  await showLargeFile(site);
}

/** A site and the port of its broker. */
interface Measured {
  readonly site: BenchSite;
  readonly port: number;
}

async function send({ site, port }: Measured, one: Case): Promise<Outcome> {
  const [count, referenceCount] = one.counts;
  const reference = await site.lane();
  await fill(reference, referenceCount, one.bytes);
  const referenceSeconds = await referenceSend({ site, port }, reference);
  const lane = await site.lane({ window: one.window });
  await fill(lane, count, one.bytes);
  const { seconds, peakMb } = await runSsm(["--config", lane.senderConfig]);
  return {
    ssm: count / seconds,
    reference: referenceCount / referenceSeconds,
    peakMb,
  };
}

async function receive(
  { site, port }: Measured,
  one: Case,
): Promise<Outcome> {
  const [count, referenceCount] = one.counts;
  const reference = await site.lane({ window: one.window });
  await fill(reference, referenceCount, one.bytes);
  await runSsm(["--config", reference.senderConfig]);
  const referenceSeconds = await referenceReceive(
    { site, port },
    reference,
    referenceCount,
  );
  const lane = await site.lane({ window: one.window });
  await fill(lane, count, one.bytes);
  await runSsm(["--config", lane.senderConfig]);
  const { seconds, peakMb } = await receiveSsm(lane.receiverConfig, count);
  return {
    ssm: count / seconds,
    reference: referenceCount / referenceSeconds,
    peakMb,
  };
}

/** What the receiver's figures hang on: it syncs three files and four directories a message. */
async function showDisk(): Promise<void> {
  const directory = await Deno.makeTempDir();
  const count = 200;
  const started = performance.now();
  for (let i = 0; i < count; i++) {
    using file = await Deno.open(`${directory}/${i}`, {
      write: true,
      createNew: true,
    });
    await file.write(new Uint8Array(KB));
    await file.sync();
  }
  const ms = (performance.now() - started) / count;
  await Deno.remove(directory, { recursive: true });
  console.log(
    `a file of 1 KB, written and synced on this disk: ${ms.toFixed(2)} ms`,
  );
}

async function showStart(site: BenchSite): Promise<void> {
  const { receiverConfig } = await site.lane();
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    times.push((await startSsm(receiverConfig)).seconds);
  }
  const median = times.toSorted((a, b) => a - b)[4]! * 1000;
  console.log(
    `start to the first log line: ${
      median.toFixed(0)
    } ms (median of 9; aim: 100 ms)`,
  );
}

async function showLargeFile(site: BenchSite): Promise<void> {
  const megabytes = 100;
  const lane = await site.lane();
  await fill(lane, 1, megabytes << 20);
  const sent = await runSsm(["--config", lane.senderConfig]);
  const received = await receiveSsm(lane.receiverConfig, 1);
  for (
    const [what, { seconds, peakMb }] of Object.entries({ sent, received })
  ) {
    console.log(
      `a file of ${megabytes} MB ${what}: ${seconds.toFixed(1)} s, ${
        peakMb.toFixed(0)
      } MB of memory`,
    );
  }
}
