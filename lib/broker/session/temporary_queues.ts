/**
 * The temporary queues of one connection.
 *
 * `/temp-queue/x` is the owner's own name. To everyone else the queue has a
 * name that is unique in the broker and cannot be guessed, which the broker
 * puts into `reply-to` and into the destination of what arrives there. Only the
 * owner can consume from it. It ends when the owner unsubscribes from it, so that
 * there may be one for each request, and at the latest with the connection.
 *
 * @module
 */
import type { Destination } from "../message/destination.ts";
import { overLimit } from "../message/refusal.ts";
import type { Router } from "../routing/router.ts";

/** Which queue each temporary name of a session stands for. */
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

  /** Removes the one of that broker-wide name, if it is one, with what waits in it. */
  remove(path: string): void {
    for (const [name, queue] of this.#queues) {
      if (queue.path !== path) continue;
      this.#router.closeReplyQueue(queue);
      this.#queues.delete(name);
    }
  }

  /** Removes all of them, with what waits in them. */
  end(): void {
    for (const queue of this.#queues.values()) {
      this.#router.closeReplyQueue(queue);
    }
    this.#queues.clear();
  }
}
