/**
 * What the embedded broker makes of its memory for messages.
 *
 * @module
 */
import { MemoryStore, SqliteStore, type Store } from "../../broker/mod.ts";
import type { StompserverConfig } from "../../config/mod.ts";

/** Memory for messages where the configuration names none, in bytes: 32 MiB with a disk, 256 MiB without. */
const DEFAULT_BYTES = { withData: 32 << 20, without: 256 << 20 };

/** How the memory is divided, in bytes. */
export interface MemoryShares {
  /** Messages of queues. */
  readonly queues: number;
  /** Messages of topics. */
  readonly topics: number;
}

/** A quarter is for topics, which have no disk to fall back on; the rest is for queues. */
export function shareMemory(
  { data, memoryBytes }: Pick<StompserverConfig, "data" | "memoryBytes">,
): MemoryShares {
  const { withData, without } = DEFAULT_BYTES;
  const total = memoryBytes ?? (data === undefined ? without : withData);
  const topics = Math.floor(total / 4);
  return { queues: total - topics, topics };
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
