/**
 * A receiver at work, between a broker and the directories of a site.
 *
 * @module
 */
import { TestBroker } from "../net/test_broker.ts";
import type { Credentials } from "../../peers/openssl/openssl.ts";
import { Running, ssmCommand } from "./program.ts";
import type { Site } from "./program_site.ts";
import type { Sections } from "../ini_text.ts";

/** A receiver that has subscribed, and a way to send to it. */
export class Receiving implements AsyncDisposable {
  readonly receiver: Running;
  readonly broker: TestBroker;
  readonly #site: Site;

  private constructor(site: Site, broker: TestBroker, receiver: Running) {
    this.#site = site;
    this.broker = broker;
    this.receiver = receiver;
  }

  /** `prefix` is a command that runs the command behind it. */
  static async start(
    site: Site,
    changes: Sections = {},
    prefix: readonly string[] = [],
  ): Promise<Receiving> {
    const broker = await TestBroker.start();
    const config = await site.receiver(broker.port, changes);
    const [program, ...args] = [
      ...prefix,
      ...ssmCommand(["receive", "-c", config]),
    ];
    const receiver = new Running([program!, ...args]);
    const receiving = new Receiving(site, broker, receiver);
    try {
      await receiver.line(/Subscribing to: /);
    } catch (error) {
      await receiving[Symbol.asyncDispose]();
      throw error;
    }
    return receiving;
  }

  /** Sends a message and waits for the verdict; `incoming` or `reject`. */
  async send(
    from: Credentials,
    text: string,
    id = "test/id",
  ): Promise<"incoming" | "reject"> {
    const body = await this.#site.sign(from, text);
    const client = await this.broker.connect();
    await client.confirmed("SEND", {
      destination: "/queue/test",
      "empa-id": id,
    }, body);
    client.close();
    const line = await this.receiver.line(/Message saved to /);
    return line.includes("to incoming queue") ? "incoming" : "reject";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.receiver[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }
}
