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
}

/**
 * What honest subscribers need that are a little slow: with less for all of them,
 * a burst of large messages would cut off one that is no slower than the others.
 */
const TOPICS_NEED = 32 << 20;

/**
 * A quarter is for topics, which have no disk to fall back on, or more where that
 * is too little, up to a half; the rest is for queues.
 */
export function shareMemory(
  { memoryBytes }: Pick<StompserverConfig, "memoryBytes">,
): MemoryShares {
  const needed = Math.min(TOPICS_NEED, memoryBytes / 2);
  const topics = Math.floor(Math.max(memoryBytes / 4, needed));
  return { queues: memoryBytes - topics, topics };
}

/** Where queues keep their messages. @throws {SsmError} when the directory cannot be used */
export async function openStore(
  { data, maxDataBytes }: Pick<StompserverConfig, "data" | "maxDataBytes">,
  memoryBytes: number,
): Promise<Store> {
  return data === undefined
    ? new MemoryStore({ maxBytes: memoryBytes })
    : await SqliteStore.open(data, { memoryBytes, maxBytes: maxDataBytes });
}
