/**
 * What the embedded broker makes of its memory for messages.
 *
 * @module
 */
import { MemoryStore, SqliteStore, type Store } from "../../broker/mod.ts";
import type { StompserverConfig } from "../../config/mod.ts";

/** How the memory is divided, in bytes. */
export interface MemoryShares {
  /** Messages of queues. */
  readonly queues: number;
  /** Messages of topics. */
  readonly topics: number;
  /** Messages of AMS. */
  readonly ams: number;
}

/**
 * What honest subscribers need that are a little slow: with less for all of them,
 * a burst of large messages would cut off one that is no slower than the others.
 */
const TOPICS_NEED = 32 << 20;

/**
 * A quarter is for topics, which have no disk to fall back on, or more where that
 * is too little, up to a half; the rest is for queues, and AMS has half of that, or
 * all there is if it is alone.
 */
export function shareMemory(
  { memoryBytes, ams, stomp }: Pick<
    StompserverConfig,
    "memoryBytes" | "ams" | "stomp"
  >,
): MemoryShares {
  if (!stomp) return { queues: 0, topics: 0, ams: memoryBytes };
  const needed = Math.min(TOPICS_NEED, memoryBytes / 2);
  const topics = Math.floor(Math.max(memoryBytes / 4, needed));
  const rest = memoryBytes - topics;
  const half = ams === undefined ? 0 : Math.floor(rest / 2);
  return { queues: rest - half, topics, ams: half };
}

/** Where messages are kept. @throws {SsmError} when the directory cannot be used */
export async function openStore(
  { data, maxDataBytes }: Pick<StompserverConfig, "data" | "maxDataBytes">,
  memoryBytes: number,
): Promise<Store> {
  return data === undefined
    ? new MemoryStore({ maxBytes: memoryBytes })
    : await SqliteStore.open(data, { memoryBytes, maxBytes: maxDataBytes });
}
