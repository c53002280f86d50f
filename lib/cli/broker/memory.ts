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

/** A quarter is for topics, which have no disk to fall back on; the rest is for queues. */
export function shareMemory(
  { memoryBytes }: Pick<StompserverConfig, "memoryBytes">,
): MemoryShares {
  const topics = Math.floor(memoryBytes / 4);
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
