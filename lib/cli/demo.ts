/**
 * `ssm demo`: the main job on one machine, with real processes, TLS and files.
 *
 * Exits 0 only if all that it tells has really happened: bytes are compared.
 *
 * @module
 */
import { join } from "node:path";
import { SsmError } from "../errors.ts";
import { DeliveredElements, DirqSimple } from "../spool/mod.ts";
import type { Command, CommandContext } from "./command.ts";
import { DemoProcess } from "./demo_process.ts";
import { type DemoFile, demoFiles } from "./demo_records.ts";
import { type DemoSite, makeSite, writeConfigs } from "./demo_site.ts";
import { EXIT, type Terminal } from "./exit.ts";

/** The command. */
export const demoCommand: Command = {
  name: "demo",
  help: `Usage: ssm demo

Makes a throw-away CA, host certificates and configuration files in a temporary
directory, starts the embedded broker with TLS and client certificates required,
starts a receiver, and sends eleven accounting files through it. The directory
stays, to look around and to try things in.

Examples:
  ssm demo
`,
  options: {},
  async run(_values, context) {
    const directory = await Deno.makeTempDir({ prefix: "ssm-demo-" });
    await new Demo(directory, context).run();
    return EXIT.ok;
  },
};

interface Element {
  readonly name: string;
  readonly empaid: string;
  readonly signer: string;
  readonly body: Uint8Array;
  readonly error: string;
}

class Demo {
  readonly #directory: string;
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;
  #step = 0;

  constructor(directory: string, { terminal, signal }: CommandContext) {
    this.#directory = directory;
    this.#terminal = terminal;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const started = performance.now();
    const site = await makeSite(this.#directory);
    this.#tell("A throw-away site", [
      `directory  ${site.directory}`,
      `sender     ${site.allowedDn}`,
      `stranger   ${site.strangerDn}`,
    ]);
    // Port 0: whatever is free. Written down afterwards for those who try more.
    await writeConfigs(site, 0);
    await using broker = this.#start("broker", site.brokerConfig);
    const listening = await broker.line(/listening on \S+:\d+/i);
    await writeConfigs(
      site,
      Number(/listening on \S+:(\d+)/.exec(listening)![1]),
    );
    await using receiver = this.#start("receiver", site.receiverConfig);
    await receiver.line(/Subscribing to: /);
    this.#tell("Broker and receiver are up, each a process of its own", [
      listening.replace(/^.* - /, ""),
      `the receiver accepts messages of ${site.allowedDn} only`,
    ]);
    const files = await this.#drop(site);
    await this.#send(site, files);
    await this.#arrive(site, receiver, files);
    await this.#refuse(site, receiver, files.size);
    await expectStatus("receiver", receiver.stop());
    await expectStatus("broker", broker.stop());
    this.#tell("Receiver and broker stopped in order (SIGTERM, exit 0)", []);
    this.#farewell(site, (performance.now() - started) / 1000);
  }

  async #drop(site: DemoSite): Promise<Map<string, DemoFile>> {
    const spool = new DirqSimple(site.outgoing);
    const files = new Map<string, DemoFile>();
    for (const file of demoFiles()) {
      files.set(await spool.add(file.bytes), file);
    }
    this.#tell(
      `${files.size} files dropped into outgoing`,
      Array.from(files, ([name, { kind, bytes }]) => row(name, bytes, kind)),
    );
    return files;
  }

  async #send(site: DemoSite, files: Map<string, DemoFile>): Promise<void> {
    const sender = this.#start("sender", site.senderConfig);
    await expectStatus("sender", sender.end());
    const log = await Deno.readTextFile(join(site.directory, "sender.log"));
    const left = await new DirqSimple(site.outgoing).list();
    expect(left.length === 0, `outgoing still holds ${left.join(", ")}`);
    for (const name of files.keys()) {
      expect(log.includes(`Sent ${name}\n`), `nobody confirmed ${name}`);
    }
    this.#tell(
      "The sender signed, encrypted and sent them; each left outgoing when the broker confirmed it",
      [...files.keys()].map((name) => `${name}  sent, confirmed, gone`),
    );
  }

  async #arrive(
    site: DemoSite,
    receiver: DemoProcess,
    files: Map<string, DemoFile>,
  ): Promise<void> {
    await filed(files.size, receiver);
    const elements = await readQueue(join(site.received, "incoming"));
    expect(
      elements.length === files.size,
      `${elements.length} arrived instead of ${files.size}`,
    );
    const rows = elements.map(({ name, empaid, signer, body }) => {
      const sent = files.get(empaid);
      expect(sent !== undefined, `${empaid} was never sent`);
      expect(equal(body, sent.bytes), `${empaid} arrived with other bytes`);
      expect(signer === site.allowedDn, `${empaid} has the signer ${signer}`);
      return row(name, body, `identical to ${empaid}`);
    });
    this.#tell(`They arrived in incoming, signed by ${site.allowedDn}`, rows);
  }

  async #refuse(
    site: DemoSite,
    receiver: DemoProcess,
    count: number,
  ): Promise<void> {
    const spool = new DirqSimple(site.strangerOutgoing);
    await spool.add(new TextEncoder().encode("let me in"));
    const sender = this.#start("stranger", site.strangerConfig);
    await expectStatus("stranger's sender", sender.end());
    await filed(count + 1, receiver);
    const [refused, ...more] = await readQueue(join(site.received, "reject"));
    expect(refused !== undefined && !more.length, "not exactly one in reject");
    const wanted = `Signer not in valid DNs list: ${site.strangerDn}`;
    expect(refused.error === wanted, `the reason was "${refused.error}"`);
    this.#tell("A stranger with a good certificate sent one too", [
      `reject/${refused.name}`,
      `reason: ${refused.error}`,
    ]);
  }

  #start(name: string, config: string): DemoProcess {
    if (this.#signal.aborted) {
      throw new SsmError("ABORTED", "The demonstration was stopped on request");
    }
    return new DemoProcess(name, ["--config", config], this.#signal);
  }

  #tell(title: string, lines: readonly string[]): void {
    this.#terminal.out(`${++this.#step}. ${title}`);
    for (const line of lines) this.#terminal.out(`     ${line}`);
  }

  #farewell(site: DemoSite, seconds: number): void {
    const ssm = Deno.build.standalone ? "ssm" : "deno task ssm";
    const lines = [
      "",
      `All of it happened, in ${seconds.toFixed(1)} s. Look around:`,
      `  find ${site.received}`,
      `  less ${join(site.directory, "receiver.log")}`,
      "Try next, each in a terminal of its own:",
      `  ${ssm} broker  --config ${site.brokerConfig}`,
      `  ${ssm} receive --config ${site.receiverConfig}`,
      `  ${ssm} send    --config ${site.senderConfig}`,
      `Remove it: rm -r ${site.directory}`,
    ];
    for (const line of lines) this.#terminal.out(line);
  }
}

/** Waits until the receiver has found a place for so many messages, whichever. */
async function filed(count: number, receiver: DemoProcess): Promise<void> {
  const saved = "Message saved to ";
  await receiver.until(
    (lines) =>
      lines.filter((line) => line.includes(saved)).length >= count || undefined,
    { what: `${count} times "${saved}"` },
  );
}

async function readQueue(path: string): Promise<Element[]> {
  const queue = new DeliveredElements(path);
  const elements: Element[] = [];
  const text = (bytes?: Uint8Array) => new TextDecoder().decode(bytes);
  for (const name of await queue.list()) {
    const fields = await queue.read(name);
    elements.push({
      name,
      empaid: text(fields["empaid"]),
      signer: text(fields["signer"]),
      error: text(fields["error"]),
      body: fields["body"] ?? new Uint8Array(),
    });
  }
  return elements;
}

async function expectStatus(
  who: string,
  status: Promise<number>,
): Promise<void> {
  const code = await status;
  expect(code === EXIT.ok, `the ${who} ended with status ${code}`);
}

function row(name: string, bytes: Uint8Array, note: string): string {
  return `${name}  ${String(bytes.length).padStart(6)} bytes  ${note}`;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) {
    throw new SsmError("SPOOL", `The demonstration failed: ${otherwise}`);
  }
}
