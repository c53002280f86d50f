/**
 * What a well-behaved client of a broker notices while hostile ones attack it,
 * and what that costs the broker.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import {
  forgetPeak,
  peakMb,
  residentMb,
} from "../../../scripts/bench/memory.ts";
import { dial } from "../../../lib/net/mod.ts";
import { StompClient } from "../../../lib/stomp/mod.ts";
import { Running, ssmCommand } from "../../kit/programs/program.ts";

/** The attacks that `attackers_main.ts` knows, and the words with which the broker refuses them, if it does. */
export const SIEGES: readonly (readonly [attack: string, refusal?: RegExp])[] =
  [
    ["silence"],
    ["slow CONNECT"],
    ["slow body"],
    ["huge content-length", /a body of 100000000000 bytes/],
    ["promised bodies"],
    ["unfinished bodies", /Cannot take so much at once/],
    ["endless headers", /more than \d+/],
    ["endless header line", /a header of more than \d+ bytes/],
    ["many subscriptions", /1000 subscriptions/],
    ["unread subscriptions"],
    ["unfinished TLS", /without a word/],
    ["coming and going"],
  ];

/** What was seen. */
export interface SiegeFigures {
  /** Round trips of the well-behaved client, in ms, sorted: before, and during the attack. */
  readonly calm: readonly number[];
  readonly besieged: readonly number[];
  /** Resident memory of the broker before the attack, and the most during it. */
  readonly calmMb: number;
  readonly peakMb: number;
}

/** Settings of {@linkcode besiege}. */
export interface SiegeOptions {
  /** Round trips to be made in peace, and under attack. */
  readonly rounds: number;
  /** Under attack, what the broker says to an attacker is waited for. */
  readonly refusal?: RegExp | undefined;
  /** Further arguments of the broker. */
  readonly args?: readonly string[];
  /** Whether the broker speaks TLS. */
  readonly tls?: boolean;
}

/** Runs a broker, a well-behaved client, and an attack. */
export async function besiege(
  attack: string,
  { rounds, refusal, args = [], tls = false }: SiegeOptions,
): Promise<SiegeFigures> {
  await using broker = new Running(
    ssmCommand(["broker", "--port=0", ...args]),
  );
  const line = await broker.line(/Broker listening on /);
  const port = Number(/:(\d+), /.exec(line)![1]);
  const connect = async () => {
    const socket = await dial({
      host: "127.0.0.1",
      port,
      ...(tls && { tls: { verify: "none" as const } }),
    });
    return await StompClient.connect(socket);
  };
  const old = await connect();
  const calm = await roundTrips(old, rounds);
  const calmMb = residentMb(broker.pid);
  forgetPeak(broker.pid);
  await using attackers = new Running([
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1"],
    fileURLToPath(new URL("attackers_main.ts", import.meta.url)),
    ...[attack, `${port}`],
  ]);
  await attackers.line(/^attacking/);
  if (refusal) {
    await attackers.line(new RegExp(`^refused: .*(?:${refusal.source})`));
  }
  // Who was there before is served, and so is who comes now.
  const besieged = await roundTrips(old, rounds);
  const newcomer = await connect();
  besieged.push(...await roundTrips(newcomer, rounds));
  const peak = peakMb(broker.pid);
  await Promise.all([old.disconnect(), newcomer.disconnect()]);
  return {
    calm: calm.toSorted((a, b) => a - b),
    besieged: besieged.toSorted((a, b) => a - b),
    calmMb,
    peakMb: peak,
  };
}

/** Times, in ms, from the sending of a message until it has come back. */
async function roundTrips(
  client: StompClient,
  rounds: number,
): Promise<number[]> {
  const queue = `/queue/${crypto.randomUUID()}`;
  const subscription = await client.subscribe(queue, {
    ack: "client-individual",
  });
  const messages = subscription[Symbol.asyncIterator]();
  const times: number[] = [];
  while (times.length < rounds) {
    const start = performance.now();
    await client.send(queue, new Uint8Array(1024), { receipt: true });
    const { value } = await messages.next();
    await value!.ack({ receipt: true });
    times.push(performance.now() - start);
  }
  await subscription.unsubscribe();
  return times;
}
