/**
 * A sender's carrier on a messaging service in memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SsmError } from "../../../../lib/errors.ts";
import {
  AmsOutgoingCarrier,
  type AmsOutgoingOptions,
} from "../../../../lib/ssm/mod.ts";
import { InstantClock } from "../../../kit/clocks.ts";
import { Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";
import { type Call, Service } from "./service.ts";

export type Changes = Partial<AmsOutgoingOptions>;

/** A carrier that is open, and waits without taking time. */
export class Sender implements AsyncDisposable {
  readonly clock = new InstantClock();
  readonly service = new Service(this.clock);
  readonly stage: Stage;
  readonly carrier: AmsOutgoingCarrier;

  private constructor(stage: Stage, changes: Changes) {
    this.stage = stage;
    this.carrier = new AmsOutgoingCarrier({
      connect: () => this.service.topic(),
      host: "ams.example.org",
      destination: "gLite-APEL",
      retryForMs: 60_000,
      signal: stage.signal,
      log: stage.log,
      clock: this.clock,
      random: () => 0.5,
      ...changes,
    });
  }

  static async open(changes: Changes = {}): Promise<Sender> {
    const sender = new Sender(await Stage.open(), changes);
    await sender.carrier.open();
    return sender;
  }

  /** Sends each text under the name `id/<text>`; what became of them, by their texts. */
  async send(...texts: string[]): Promise<Record<string, string>> {
    const fates = await Promise.all(
      texts.map(async (text) => [text, await this.fate(`id/${text}`, text)]),
    );
    return Object.fromEntries(fates);
  }

  async fate(name: string, text: string): Promise<string> {
    try {
      return await this.carrier.send(name, { body: bytes(text) });
    } catch (error) {
      assert.ok(error instanceof SsmError, String(error));
      return error.code;
    }
  }

  /** What is stored, as `empaid: text`. */
  get stored(): string[] {
    return this.service.stored.map(({ attributes, data }) => {
      assert.ok("bytes" in data);
      return `${attributes.get("empaid")}: ${
        new TextDecoder().decode(data.bytes)
      }`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.carrier.close();
    assert.equal(this.service.open, 0);
    await this.stage[Symbol.asyncDispose]();
  }
}

/** Fails calls that match, for as long as `left` says. */
export function failing(
  when: (call: Call) => boolean,
  error: () => Error,
  left = Infinity,
): (call: Call) => void {
  return (call) => {
    if (left > 0 && when(call)) {
      left--;
      throw error();
    }
  };
}

const texts = ({ asked }: Call) => asked as readonly string[];
export const isBatch = (call: Call) => texts(call).length > 1;
export const has = (text: string) => (call: Call) => texts(call).includes(text);
