/**
 * A message of a queue, whose content lives in the store.
 *
 * @module
 */
import type { Entry } from "./backlog.ts";
import type { Message } from "../message/message.ts";
import type { Store } from "../store/store.ts";

/** What has to be known of a message to queue it. */
export type EntryMetadata = Pick<
  Entry,
  "sequence" | "size" | "deliveries" | "expires"
>;

/** Asks the store for the content whenever it is needed. */
export class StoredEntry implements Entry {
  readonly sequence: number;
  readonly size: number;
  readonly expires: number | undefined;
  readonly stored = true;
  deliveries: number;
  failures = 0;
  readonly #store: Store;

  constructor(store: Store, metadata: EntryMetadata) {
    this.#store = store;
    this.sequence = metadata.sequence;
    this.size = metadata.size;
    this.expires = metadata.expires;
    this.deliveries = metadata.deliveries;
  }

  get message(): Message {
    return this.#store.read(this.sequence);
  }
}
