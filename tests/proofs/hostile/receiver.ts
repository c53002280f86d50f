/**
 * A receiver of a hostile site: the real loop, between a broker and real spools,
 * with a real log.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Logger } from "../../../lib/log/logger.ts";
import { FileSink } from "../../../lib/log/sinks.ts";
import { DeliveredElements, DirqSchema } from "../../../lib/spool/mod.ts";
import {
  type Filed,
  type OpeningEnvelope,
  receive,
  Ssm2IncomingCarrier,
} from "../../../lib/ssm/mod.ts";
import { type Endpoint, systemClock } from "../../../lib/stomp/mod.ts";
import { UNSAFE } from "../fuzz/outcome.ts";
import { QUEUE } from "../../kit/stage.ts";

/** An element as it lies on the disk. */
export type Element = Readonly<Record<string, Uint8Array>>;

const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - test - [A-Z]+ - /;

/** A receiver that runs until it is stopped. */
export class HostileReceiver implements AsyncDisposable {
  readonly dir: string;
  /** What became of the messages, in order. */
  readonly filed: Filed[] = [];
  readonly #sink: FileSink;
  readonly #json: FileSink;
  readonly #controller = new AbortController();
  readonly #ended: Promise<void>;
  #wake = Promise.withResolvers<void>();

  private constructor(
    dir: string,
    spools: Record<"incoming" | "reject", DirqSchema>,
    { endpoint, envelope }: { endpoint: Endpoint; envelope: OpeningEnvelope },
  ) {
    this.dir = dir;
    this.#sink = new FileSink(`${dir}/log`);
    this.#json = new FileSink(`${dir}/json`, { format: "json" });
    const sinks = [this.#sink.sink, this.#json.sink];
    const common = { log: new Logger("test", sinks), clock: systemClock };
    this.#ended = receive({
      ...common,
      ...spools,
      envelope,
      carrier: new Ssm2IncomingCarrier({
        ...common,
        endpoints: [endpoint],
        destination: QUEUE,
      }),
      signal: this.#controller.signal,
      onFiled: (filed) => {
        this.filed.push(filed);
        this.#wake.resolve();
      },
    });
  }

  static async start(
    endpoint: Endpoint,
    envelope: OpeningEnvelope,
  ): Promise<HostileReceiver> {
    const dir = await Deno.makeTempDir({ prefix: "hostile-receiver-" });
    const open = (queue: string) =>
      DirqSchema.open(`${dir}/spool/${queue}`, {
        ledgerDirectory: `${dir}/ledger/${queue}`,
      });
    const spools = {
      incoming: await open("incoming"),
      reject: await open("reject"),
    };
    return new HostileReceiver(dir, spools, { endpoint, envelope });
  }

  /** Waits until so many messages are dealt with. */
  async until(count: number): Promise<void> {
    while (this.filed.length < count) {
      this.#wake = Promise.withResolvers();
      await Promise.race([
        this.#wake.promise,
        this.#ended.then(() => assert.fail("the receiver has ended")),
      ]);
    }
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#ended;
  }

  /** The elements of a queue, in order. */
  async elements(queue: "incoming" | "reject"): Promise<Element[]> {
    const elements = new DeliveredElements(`${this.dir}/spool/${queue}`);
    const all: Element[] = [];
    for (const name of elements.list()) all.push(await elements.read(name));
    return all;
  }

  /** The messages of the log; each line must be one that the logger made. */
  async log(): Promise<string[]> {
    const messages: string[] = [];
    for (const line of await this.#lines("log")) {
      assert.match(line, LINE);
      messages.push(line.replace(LINE, ""));
    }
    for (const line of await this.#lines("json")) {
      assert.equal(JSON.parse(line).name, "test");
    }
    return messages;
  }

  /** Every path below the spools and their ledgers, without the names that dirq and the ledger give. */
  strangePaths(): string[] {
    return [...paths(this.dir, "")].filter((path) =>
      !/^(log|json|spool|ledger)$/.test(path) &&
      !/^(spool|ledger)\/(incoming|reject)$/.test(path) &&
      !/^spool\/\w+\/(temporary|obsolete|[0-9a-f]{8})$/.test(path) &&
      !/^spool\/\w+\/[0-9a-f]{8}\/[0-9a-f]{14}(\/(body|signer|empaid|error))?$/
        .test(path) &&
      !/^ledger\/\w+\/[0-9a-f./]+$/.test(path)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#sink[Symbol.dispose]();
    this.#json[Symbol.dispose]();
    await Deno.remove(this.dir, { recursive: true });
  }

  /** Lines with nothing in them that forges or drives anything. */
  async #lines(file: string): Promise<string[]> {
    const text = await Deno.readTextFile(`${this.dir}/${file}`);
    const lines = text.trimEnd().split("\n");
    for (const line of lines) assert.doesNotMatch(line, UNSAFE);
    return lines;
  }
}

function* paths(dir: string, prefix: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(dir)) {
    yield prefix + name;
    if (isDirectory) yield* paths(`${dir}/${name}`, `${prefix}${name}/`);
  }
}
