/**
 * The embedded broker side by side with RabbitMQ and ActiveMQ, all running at
 * the same time and loaded one after the other, so that a slow minute of the
 * machine is nobody's alone.
 *
 * @module
 */
import { type Contender, startContenders } from "./contenders.ts";
import { measureIdle } from "./idle.ts";
import { type Figures, type Load, run } from "./load.ts";

const KB = 1 << 10;
const SECONDS = 2;
const WARM_UP_SECONDS = 5;
const MEMORY_AIM_MB = 200;

interface Case extends Load {
  readonly name: string;
  /** The broker that ssm with a store is to be level with. */
  readonly aim?: "RabbitMQ" | "ActiveMQ";
}

const CASES: readonly Case[] = [
  ...[1, 16].flatMap((clients) => [
    {
      ...queueOf(clients, KB),
      name: `queue, 1 KB, producers: ${clients}`,
      aim: "RabbitMQ" as const,
    },
    {
      ...queueOf(clients, 100 * KB),
      name: `queue, 100 KB, producers: ${clients}`,
    },
  ]),
  ...[1, 10, 100].flatMap((clients) =>
    [1, 100].map((kb) => ({
      kind: "topic" as const,
      clients,
      bytes: kb * KB,
      seconds: SECONDS,
      name: `topic, ${kb} KB, subscribers: ${clients}`,
      aim: "ActiveMQ" as const,
    }))
  ),
];

function queueOf(clients: number, bytes: number): Load {
  return { kind: "queue", clients, bytes, seconds: SECONDS };
}

type Results = ReadonlyMap<string, Figures>;

/** Prints the figures. */
export async function measureBrokers(): Promise<void> {
  console.log(
    `ssm broker on Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, load average ${loadAverage()}`,
  );
  console.log(
    "peak: memory of the broker's process, what earlier loads left included; " +
      "generator: share of one core that made the load\n" +
      "RabbitMQ and ActiveMQ run with the settings of Debian's services",
  );
  await measureLoads();
  const idle = await measureIdle();
  console.log(
    `${idle.connections} idle connections, a heart-beat each way every ${idle.beatMs} ms: ` +
      `${idle.dropped} dropped in ${idle.seconds} s (aim: 0), ` +
      `${idle.fullMb.toFixed(0)} MB of memory (aim: < ${MEMORY_AIM_MB} MB), ` +
      `${idle.emptyMb.toFixed(0)} MB before`,
  );
  console.log(`Load average at the end: ${loadAverage()}`);
}

async function measureLoads(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const contenders = await startContenders(stack);
  for (const kind of ["queue", "topic"] as const) {
    // The first messages are the slowest, above all while Java still compiles;
    // nobody is to be charged for them.
    const load = { kind, clients: 4, bytes: KB, seconds: WARM_UP_SECONDS };
    for (const broker of contenders) await run(broker, load);
  }
  row(
    "",
    "messages/s",
    "p50",
    "p99",
    "peak",
    "generator",
    "RabbitMQ",
    "ActiveMQ",
    "aim",
  );
  for (const one of CASES) {
    console.log(one.name);
    show(one, await runAll(contenders, one));
  }
}

async function runAll(
  contenders: readonly Contender[],
  load: Load,
): Promise<Results> {
  const results = new Map<string, Figures>();
  for (const broker of contenders) {
    results.set(broker.name, await run(broker, load));
  }
  return results;
}

function show({ aim }: Case, results: Results): void {
  for (const [name, figures] of results) {
    const { perSecond, p50, p99, peakMb, generator } = figures;
    const own = name.startsWith("ssm");
    row(
      `  ${name}`,
      perSecond.toFixed(0),
      `${p50.toFixed(2)} ms`,
      `${p99.toFixed(2)} ms`,
      `${peakMb.toFixed(0)} MB`,
      `${(generator * 100).toFixed(0)} %`,
      own ? ratio(figures, results.get("RabbitMQ")) : "",
      own ? ratio(figures, results.get("ActiveMQ")) : "",
      name === "ssm --data" ? aims(figures, aim && results.get(aim), aim) : "",
    );
  }
}

function ratio(own: Figures, other: Figures | undefined): string {
  return other ? `${(own.perSecond / other.perSecond).toFixed(2)}x` : "-";
}

/** What was aimed at and, where it was missed, that it was. */
function aims(
  own: Figures,
  other: Figures | undefined,
  name: string | undefined,
): string {
  const verdict = (met: boolean) => met ? "met" : "MISSED";
  const memory = `< ${MEMORY_AIM_MB} MB ${verdict(own.peakMb < MEMORY_AIM_MB)}`;
  if (!other) return memory;
  return `>= ${name} ${verdict(own.perSecond >= other.perSecond)}, ${memory}`;
}

function loadAverage(): string {
  return Deno.loadavg().map((load) => load.toFixed(1)).join(" ");
}

function row(name: string, ...cells: string[]): void {
  const [aim, ...figures] = cells.toReversed();
  const columns = figures.reverse().map((cell) => cell.padStart(12)).join("");
  console.log(`${name.padEnd(16)}${columns}  ${aim}`.trimEnd());
}
