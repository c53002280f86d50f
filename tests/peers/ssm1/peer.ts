/**
 * A foreign SSM1 as a child process: it is told what to do and tells what happens.
 *
 * @module
 */
import { ObservedProcess } from "../../../lib/cli/process/observed_process.ts";
import type { Deviations, Faults, PeerSettings } from "./peer_orders.ts";

/** Nothing that a test waits for takes longer, not even 20 MB on a busy machine. */
const DEADLINE_MS = 60_000;

const SCRIPT = new URL("peer.py", import.meta.url).pathname;

/** Something that a peer tells: `event` and what belongs to it. */
export interface PeerEvent {
  readonly event: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly [fact: string]: unknown;
}

/** A running peer, killed on disposal. */
export class Peer implements AsyncDisposable {
  readonly settings: PeerSettings;
  readonly #process: ObservedProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #events: PeerEvent[] = [];
  readonly #taken = new Set<PeerEvent>();

  /** Starts one, and waits until it is connected and subscribed. */
  static async start(settings: PeerSettings): Promise<Peer> {
    const peer = new Peer(settings);
    const { port, as, caPath, path, producer, consumer } = settings;
    try {
      await peer.#tell("connect", {
        ...{ port, capath: caPath, path, producer, consumer },
        certificate: as.certificatePath,
        key: as.keyPath,
      });
      await peer.event("ready");
    } catch (error) {
      await peer[Symbol.asyncDispose]();
      throw error;
    }
    return peer;
  }

  private constructor(settings: PeerSettings) {
    this.settings = settings;
    this.#process = new ObservedProcess(
      "peer",
      ["/usr/bin/python3", "-B", SCRIPT],
      { stdin: "piped", linesQuoted: Infinity },
    );
    this.#input = this.#process.stdin.getWriter();
  }

  /** All it has told, in order. */
  get events(): readonly PeerEvent[] {
    const { stdout } = this.#process;
    while (this.#events.length < stdout.length) {
      this.#events.push(JSON.parse(stdout[this.#events.length]!));
    }
    return this.#events;
  }

  /** Sends a file of these bytes; returns once it is in the peer's hands. */
  async send(
    name: string,
    content: string | Uint8Array,
    deviations: Deviations = {},
  ): Promise<void> {
    const path = `${this.settings.path}/outgoing/${name}`;
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    await Deno.writeFile(path, bytes);
    await this.again(name, deviations);
  }

  /** Sends a file that is still in outgoing. */
  async again(name: string, deviations: Deviations = {}): Promise<void> {
    const path = `${this.settings.path}/outgoing/${name}`;
    await this.#order("send", { ...deviations, path });
  }

  /** Sends a ping. */
  async ping(deviations: Deviations = {}): Promise<void> {
    await this.#order("ping", { ...deviations });
  }

  /** Sends a frame as it is. */
  async raw(headers: Record<string, string>, body = ""): Promise<void> {
    await this.#order("raw", { headers, body });
  }

  /** From now on it makes these mistakes. */
  async misbehave(faults: Faults): Promise<void> {
    await this.#order("misbehave", { faults });
  }

  /** Waits no longer for an answer. */
  async giveUp(): Promise<void> {
    await this.#order("give-up", {});
  }

  /**
   * The next event of that name with these facts that has not been asked for.
   *
   * @throws Error with all events when it does not come
   */
  async event(
    name: string,
    facts: Readonly<Record<string, unknown>> = {},
  ): Promise<PeerEvent> {
    const fits = (event: PeerEvent) =>
      event.event === name && !this.#taken.has(event) &&
      Object.entries(facts).every(([key, value]) => event[key] === value);
    const found = await this.#process.until(
      () => this.events.find(fits),
      `${name} ${JSON.stringify(facts)}`,
      DEADLINE_MS,
    );
    this.#taken.add(found);
    return found;
  }

  /** The names of what it has told, those of interest only. */
  told(...names: readonly string[]): string[] {
    return this.events.map(({ event }) => event)
      .filter((event) => names.includes(event));
  }

  /** What went wrong with it that no test has asked for. */
  get troubles(): PeerEvent[] {
    return this.events.filter((event) =>
      ["failed", "error"].includes(event.event) && !this.#taken.has(event)
    );
  }

  /** The headers of the messages of a type that it received. */
  received(type: string): Record<string, string>[] {
    return this.#headers("message", type);
  }

  /** The headers of the messages of a type that it sent. */
  sent(type: string): Record<string, string>[] {
    return this.#headers("sending", type);
  }

  /** The files of one of its directories that have a name, as bytes. */
  async files(
    directory: "incoming" | "outgoing" | "ack" | "reject",
  ): Promise<Map<string, Uint8Array>> {
    return await filesIn(`${this.settings.path}/${directory}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#input.close().catch(() => {});
    await this.#process.end();
  }

  #headers(event: string, type: string): Record<string, string>[] {
    return this.events.flatMap((one) =>
      one.event === event && one.headers?.["ssm-msg-type"] === type
        ? [{ ...one.headers }]
        : []
    );
  }

  async #order(name: string, more: Record<string, unknown>): Promise<void> {
    await this.#tell(name, more);
    await this.event("obeyed", { do: name });
  }

  async #tell(name: string, more: Record<string, unknown>): Promise<void> {
    const line = JSON.stringify({ do: name, ...more });
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }
}

/** The named files of a directory, in the order of their names; none where it is missing. */
export async function filesIn(
  directory: string,
): Promise<Map<string, Uint8Array>> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (isFile && !name.startsWith(".")) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const files = new Map<string, Uint8Array>();
  for (const name of names.sort()) {
    files.set(name, await Deno.readFile(`${directory}/${name}`));
  }
  return files;
}
