/**
 * Many clients that do nothing but show that they are there.
 *
 * @module
 */
import { startEmbedded } from "./contenders.ts";
import { residentMb } from "../memory.ts";
import type { StompClient } from "../../../lib/stomp/mod.ts";

const CONNECTIONS = 2000;
/** Short, so that the broker would miss several beats of a client within the time. */
const BEAT_MS = 1000;
const WATCHED_MS = 5000;
const AT_ONCE = 100;

/** What was seen of the embedded broker. */
export interface IdleFigures {
  readonly connections: number;
  readonly beatMs: number;
  readonly seconds: number;
  /** Connections that ended, from whichever side. */
  readonly dropped: number;
  readonly emptyMb: number;
  readonly fullMb: number;
}

/** Connects all, and watches them. */
export async function measureIdle(): Promise<IdleFigures> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(
    await startEmbedded({
      name: "ssm --data",
      stored: true,
      args: ["--heartbeat-in", `${BEAT_MS}`, "--heartbeat-out", `${BEAT_MS}`],
    }),
  );
  const emptyMb = residentMb(broker.pid);
  const heartBeat = { sendMs: BEAT_MS, receiveMs: BEAT_MS };
  const connect = async () => stack.use(await broker.connect({ heartBeat }));
  const clients: StompClient[] = [];
  while (clients.length < CONNECTIONS) {
    const some = Array.from({ length: AT_ONCE }, connect);
    clients.push(...await Promise.all(some));
  }
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  return {
    connections: CONNECTIONS,
    beatMs: BEAT_MS,
    seconds: WATCHED_MS / 1000,
    dropped: clients.filter((client) => !client.open).length,
    emptyMb,
    fullMb: residentMb(broker.pid),
  };
}
