/**
 * The temporary queues of one connection.
 *
 * `/temp-queue/x` is the owner's own name. To everyone else the queue has a
 * name that is unique in the broker and cannot be guessed, which the broker
 * puts into `reply-to` and into the destination of what arrives there. Only the
 * owner can consume from it, and it ends with the connection.
 *
 * @module
 */
import type { Destination } from "../message/destination.ts";
import { overLimit } from "../message/refusal.ts";
import type { Router } from "../routing/router.ts";

/** Knows which queue each temporary name stands for. */
export class TemporaryQueues {
  readonly #router: Router;
  readonly #limit: number;
  readonly #queues = new Map<string, Destination>();

  constructor(router: Router, limit: number) {
    this.#router = router;
    this.#limit = limit;
  }

  /**
   * Puts the broker-wide name in the place of a temporary one; a name used for
   * the first time makes the queue. Other destinations are left as they are.
   *
   * @throws {SsmError} `LIMIT` when there are too many.
   */
  resolve(destination: Destination): Destination {
    if (destination.kind !== "temp-queue") return destination;
    const known = this.#queues.get(destination.path);
    if (known !== undefined) return known;
    if (this.#queues.size >= this.#limit) {
      throw overLimit(
        `Cannot make a temporary queue: a connection may have ${this.#limit}`,
      );
    }
    const queue = this.#router.openReplyQueue();
    this.#queues.set(destination.path, queue);
    return queue;
  }

  /** Removes all of them, with what waits in them. */
  end(): void {
    for (const queue of this.#queues.values()) {
      this.#router.closeReplyQueue(queue);
    }
    this.#queues.clear();
  }
}
