/**
 * Virtual hosts: each has destinations of its own.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { glob } from "../access/glob.ts";
import { quote } from "../message/refusal.ts";
import type { Router } from "./router.ts";
import type { Store } from "../store/store.ts";

/** What virtual hosts are made of. */
export interface VirtualHostsOptions {
  /**
   * Their names; `*` and `?` in a name stand for others, which then share what
   * is behind it. None at all is one host, whatever clients call it.
   */
  readonly names: readonly string[];
  readonly logger: Logger;
  /** Makes what is behind a name. */
  readonly makeRouter: (name: string) => Router;
}

/** Finds the queues and topics of a virtual host. */
export class VirtualHosts {
  readonly #options: VirtualHostsOptions;
  readonly #names: readonly { name: string; is: (text: string) => boolean }[];
  readonly #routers = new Map<string, Router>();

  /** @throws {RangeError} on a name that cannot be one */
  constructor(options: VirtualHostsOptions) {
    this.#options = options;
    this.#names = options.names.map((given) => {
      // The store writes it before the name of a queue, which begins with a slash.
      if (!/^[\x21-\x2e\x30-\x7e]{1,255}$/.test(given)) {
        throw new RangeError(`${quote(given)} cannot be a virtual host`);
      }
      const name = given.toLowerCase();
      return { name, is: glob(name) };
    });
  }

  /** Everything behind any name. */
  get routers(): Iterable<Router> {
    return this.#routers.values();
  }

  /** What is behind the `host` a client asks for; a client that asks for none gets the first. */
  find(host: string | undefined): Router | undefined {
    if (this.#names.length === 0) return this.#router("");
    const found = host === undefined
      ? this.#names[0]
      : this.#names.find(({ is }) => is(host));
    return found && this.#router(found.name);
  }

  /**
   * Puts what a store kept back into its queues.
   *
   * @returns the highest number of a message
   */
  async recover(store: Store): Promise<number> {
    let last = 0;
    for await (const kept of store.recover()) {
      last = kept.sequence;
      const slash = kept.queue.indexOf("/");
      const router = this.#router(kept.queue.slice(0, slash));
      router.restore(kept.queue.slice(slash), kept);
    }
    for (const { durables } of this.routers) durables.report();
    for (const [name, { queues }] of this.#routers) {
      if (name === "" ? this.#names.length === 0 : this.#isName(name)) continue;
      this.#options.logger.warning(
        `Messages in ${queues} queues wait for the virtual host ${
          quote(name)
        }, which there is not`,
      );
    }
    return last;
  }

  /** Hands out no more messages of queues, for good. */
  pause(): void {
    for (const router of this.#routers.values()) router.pause();
  }

  #isName(text: string): boolean {
    return this.#names.some(({ name }) => name === text);
  }

  #router(name: string): Router {
    let router = this.#routers.get(name);
    if (router === undefined) {
      router = this.#options.makeRouter(name);
      this.#routers.set(name, router);
    }
    return router;
  }
}
