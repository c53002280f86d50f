/**
 * A sender whom nobody knows: everything it sends ends in reject.
 *
 * @module
 */
import { Site } from "../../../kit/programs/program_site.ts";
import type { PartiesOptions } from "./parties.ts";
import { spawn } from "../runs/service.ts";

/** It sends to the queue of SSM2. */
export class Stranger implements AsyncDisposable {
  readonly #site: Site;
  readonly #config: string;
  #sent = 0;

  private constructor(site: Site, config: string) {
    this.#site = site;
    this.#config = config;
  }

  static async make({ pki, port }: PartiesOptions): Promise<Stranger> {
    const site = await Site.make(pki);
    const config = await site.sender(port, {
      certificates: site.identity(pki.unlisted),
    });
    return new Stranger(site, config);
  }

  /** Messages it has sent; none of them twice. */
  get sent(): number {
    return this.#sent;
  }

  /** Sends one message, and those that could not be sent before. */
  async send(): Promise<void> {
    await this.#site.drop(`I am number ${this.#sent++}`);
    await using sender = spawn(["send", `--config=${this.#config}`]);
    await sender.end();
  }

  /** How many still wait. */
  async waiting(): Promise<number> {
    return (await this.#site.waiting()).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#site[Symbol.asyncDispose]();
  }
}
