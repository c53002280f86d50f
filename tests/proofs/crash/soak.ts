/**
 * Mixed traffic with a fault every few seconds: `deno task soak [MINUTES]`.
 *
 * In one workload everybody dies; in the other broker and receivers live on, so
 * that their memory and files can be watched. Ends with status 1 when a message is
 * lost, doubled or changed, or a process has grown.
 *
 * @module
 */
import { testPki } from "../../kit/pki/test_pki.ts";
import type { Findings } from "./verdict/ending.ts";
import { type Progress, Workload } from "./runs/workload.ts";
import { Random } from "../../kit/random.ts";
import { hasGrown, type ResourceUse } from "./verdict/resource_use.ts";

/** Time for what is left at the end, besides the minutes asked for. */
const SPARE_MS = 10 * 60_000;

const SAMPLE_MS = 2000;
const REPORT_MS = 30_000;

/** How long nothing happens between two faults, in ms. */
const CALM_MS = [1500, 5000] as const;

type Faults = Readonly<Record<string, () => Promise<void>>>;

const minutes = Number(Deno.args[0] ?? 10);
if (!(minutes > 0)) {
  console.error("Usage: deno task soak [MINUTES]");
  Deno.exit(2);
}
Deno.exit(await soak(minutes * 60_000) ? 0 : 1);

/** Whether nothing is wrong. */
async function soak(runMs: number): Promise<boolean> {
  const random = new Random();
  console.log(`soak: ${minutes} minutes, seed ${random.seed}`);
  await using pki = await testPki();
  const options = { pki, random, limitMs: runMs + SPARE_MS };
  await using dying = await Workload.start(options);
  await using lasting = await Workload.start(options);
  const faults = new Map<string, number>();
  const report = () => say(total(dying.progress, lasting.progress), faults);
  const samples = setInterval(() => lasting.sample(), SAMPLE_MS);
  const reports = setInterval(report, REPORT_MS);
  const over = setTimeout(() => {
    dying.stop();
    lasting.stop();
  }, runMs);
  try {
    const until = performance.now() + runMs;
    await Promise.all([
      dying.run(),
      lasting.run(),
      disturb(
        { ...dying.mildFaults, ...dying.hardFaults },
        { random, until, faults },
      ),
      disturb(lasting.mildFaults, { random, until, faults }),
    ]);
  } finally {
    for (const timer of [samples, reports, over]) clearTimeout(timer);
  }
  const flat = sayResources(lasting);
  const whole = [await dying.finish(), await lasting.finish()].map(sayFindings);
  report();
  return flat && whole.every((fine) => fine);
}

/** Now this goes wrong, now that. */
async function disturb(
  faults: Faults,
  { random, until, faults: count }: {
    random: Random;
    until: number;
    faults: Map<string, number>;
  },
): Promise<void> {
  const names = Object.keys(faults);
  while (performance.now() < until) {
    const calm = random.from(...CALM_MS);
    await new Promise((resolve) => setTimeout(resolve, calm));
    const name = names[random.from(0, names.length - 1)]!;
    await faults[name]!();
    count.set(name, (count.get(name) ?? 0) + 1);
  }
}

function total(one: Progress, other: Progress): Progress {
  return {
    sent: one.sent + other.sent,
    arrived: one.arrived + other.arrived,
    rejected: one.rejected + other.rejected,
  };
}

function say(
  { sent, arrived, rejected }: Progress,
  faults: ReadonlyMap<string, number>,
): void {
  const words = [...faults].map(([name, times]) => `${times} ${name}`);
  console.log(
    `${sent} files made, ${arrived} arrived, ${rejected} rejected; ` +
      words.sort().join(", "),
  );
}

/** Whether nothing has grown. */
function sayResources({ resources }: Workload): boolean {
  let flat = true;
  const words = ({ mb, files }: ResourceUse) => `${mb} MB, ${files} files`;
  for (const [name, { summary }] of resources) {
    if (summary === undefined) continue;
    const { start, warm, end } = summary;
    const grown = hasGrown(warm, end);
    flat &&= !grown;
    console.log(
      `${name}: ${words(start)} at the start, ${words(warm)} when warm, ` +
        `${words(end)} at the end${grown ? ": IT HAS GROWN" : ""}`,
    );
  }
  return flat;
}

/** Whether there are none. */
function sayFindings(findings: Findings): boolean {
  const found = Object.entries(findings) as [string, readonly string[]][];
  console.log(
    found.map(([name, list]) => `${list.length} ${name}`).join(", "),
  );
  for (const [name, list] of found) {
    if (list.length > 0) console.log(`${name}: ${list.slice(0, 20).join(" ")}`);
  }
  return found.every(([, list]) => list.length === 0);
}
