/**
 * `ssm demo`: the main job on one machine, with real processes, TLS and files.
 *
 * Exits 0 only if all that it tells has really happened: bytes are compared.
 *
 * @module
 */
import { join } from "node:path";
import { equalBytes } from "../../bytes.ts";
import { SsmError } from "../../errors.ts";
import { systemClock } from "../../time/mod.ts";
import {
  type Command,
  type CommandContext,
  textOption,
} from "../command/command.ts";
import type { DemoProtocol } from "../demo/protocol.ts";
import { DEMO_AMS } from "../demo/ams.ts";
import { type DemoFile, demoFiles } from "../demo/records.ts";
import { type DemoSite, makeSite } from "../demo/site.ts";
import { DEMO_SSM1 } from "../demo/ssm1.ts";
import { DEMO_SSM2 } from "../demo/ssm2.ts";
import { EXIT, type Terminal } from "../command/terminal.ts";
import { ObservedProcess } from "../process/observed_process.ts";
import { selfCommand } from "../process/self.ts";

/** The command. */
export const demoCommand: Command = {
  name: "demo",
  usage: `Usage: ssm demo [OPTIONS]

Makes a throw-away CA, host certificates and configuration files in a temporary
directory, starts the embedded broker with TLS and client certificates required,
starts a receiver, and sends eleven accounting files through it. The directory
stays, to look around and to try things in.
`,
  options: {
    "Options": {
      "--protocol NAME":
        "ssm2 (over STOMP), ams (SSM2 over AMS) or ssm1; default: ssm2",
    },
  },
  notes: `Examples:
  ssm demo
  ssm demo --protocol ams
  ssm demo --protocol ssm1
`,
  async run(values, context) {
    const name = textOption(values, "protocol") ?? "ssm2";
    const protocol = PROTOCOLS.get(name);
    if (!protocol) {
      throw new SsmError("USAGE", `Unknown protocol "${name}"`, {
        hint: `the protocols are ${[...PROTOCOLS.keys()].join(", ")}`,
      });
    }
    const directory = await Deno.makeTempDir({ prefix: "ssm-demo-" });
    await new Demo(directory, protocol, context).run();
    return EXIT.ok;
  },
};

const PROTOCOLS: ReadonlyMap<string, DemoProtocol> = new Map([
  ["ssm2", DEMO_SSM2],
  ["ams", DEMO_AMS],
  ["ssm1", DEMO_SSM1],
]);

class Demo {
  readonly #directory: string;
  readonly #protocol: DemoProtocol;
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;
  #step = 0;

  constructor(
    directory: string,
    protocol: DemoProtocol,
    { terminal, signal }: CommandContext,
  ) {
    this.#directory = directory;
    this.#protocol = protocol;
    this.#terminal = terminal;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const started = systemClock.now();
    const site = await makeSite(this.#directory);
    this.#tell("A throw-away site", [
      `directory  ${site.directory}`,
      `sender     ${site.allowedDn}`,
      `stranger   ${site.strangerDn}`,
    ]);
    // Port 0: whatever is free. Written down afterwards for those who try more.
    await Deno.writeTextFile(
      site.brokerConfig,
      this.#protocol.broker(site, 0),
    );
    await using broker = this.#start("broker", site.brokerConfig);
    const listening = await broker.line(/listening on \S+:\d+/i);
    const port = Number(/listening on \S+:(\d+)/.exec(listening)![1]);
    const files = [
      [site.brokerConfig, this.#protocol.broker(site, port)],
      [site.receiverConfig, this.#protocol.receiver(site, port)],
      [site.senderConfig, this.#protocol.sender(site, port, "sender")],
      [site.strangerConfig, this.#protocol.sender(site, port, "stranger")],
    ] as const;
    for (const [path, text] of files) await Deno.writeTextFile(path, text);
    await using receiver = this.#start(
      "receiver",
      site.receiverConfig,
      this.#protocol.receiverOptions,
    );
    await receiver.line(this.#protocol.ready);
    this.#tell("Broker and receiver are up, each a process of its own", [
      listening.replace(/^.* - /, ""),
      `the receiver accepts messages of ${site.allowedDn} only`,
    ]);
    const dropped = await this.#drop(site);
    await this.#send(site, dropped);
    await this.#arrive(site, receiver, dropped);
    await this.#refuse(site, receiver, dropped.size);
    await expectStatus("receiver", receiver.stop());
    await expectStatus("broker", broker.stop());
    this.#tell("Receiver and broker stopped in order (SIGTERM, exit 0)", []);
    this.#farewell(site, (systemClock.now() - started) / 1000);
  }

  async #drop(site: DemoSite): Promise<Map<string, DemoFile>> {
    const files = new Map<string, DemoFile>();
    for (const file of demoFiles()) {
      const name = await this.#protocol.drop(site.outgoing, file.bytes);
      files.set(name, file);
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
    const left = await this.#protocol.waiting(site.outgoing);
    expect(left.length === 0, `outgoing still holds ${left.join(", ")}`);
    for (const name of files.keys()) {
      const isSent = log.includes(`Sent ${name}\n`) ||
        log.includes(`Sent ${name}, Argo ID: `);
      expect(isSent, `nobody confirmed ${name}`);
    }
    this.#tell(
      "The sender signed, encrypted and sent them; each left outgoing when it was confirmed",
      [...files.keys()].map((name) => `${name}  sent, confirmed, gone`),
    );
  }

  async #arrive(
    site: DemoSite,
    receiver: ObservedProcess,
    files: Map<string, DemoFile>,
  ): Promise<void> {
    await filed(files.size, receiver);
    const arrived = await this.#protocol.filed(
      join(site.received, "incoming"),
    );
    expect(
      arrived.length === files.size,
      `${arrived.length} arrived instead of ${files.size}`,
    );
    const missing = new Map(files);
    const rows = arrived.map(({ name, sentAs, signer, body }) => {
      const original = sentAs ?? nameOf(body, missing);
      const sent = original === undefined ? undefined : missing.get(original);
      expect(sent !== undefined, `${name} is nothing that was sent`);
      expect(
        equalBytes(body, sent.bytes),
        `${original} arrived with other bytes`,
      );
      expect(signer === site.allowedDn, `${original} has the signer ${signer}`);
      missing.delete(original!);
      return row(name, body, `identical to ${original}`);
    });
    this.#tell(`They arrived in incoming, signed by ${site.allowedDn}`, rows);
  }

  async #refuse(
    site: DemoSite,
    receiver: ObservedProcess,
    count: number,
  ): Promise<void> {
    const letter = new TextEncoder().encode("let me in");
    await this.#protocol.drop(site.strangerOutgoing, letter);
    const sender = this.#start("stranger", site.strangerConfig);
    const { refusedStatus } = this.#protocol;
    await expectStatus("stranger's sender", sender.end(), refusedStatus);
    await filed(count + 1, receiver);
    const rejects = join(site.received, "reject");
    const [refused, ...more] = await this.#protocol.filed(rejects);
    expect(refused !== undefined && !more.length, "not exactly one in reject");
    const wanted = `Signer not in valid DNs list: ${site.strangerDn}`;
    expect(refused.error === wanted, `the reason was "${refused.error}"`);
    this.#tell("A stranger with a good certificate sent one too", [
      `reject/${refused.name}`,
      `reason: ${refused.error}`,
    ]);
  }

  #start(
    name: string,
    config: string,
    options: readonly string[] = [],
  ): ObservedProcess {
    if (this.#signal.aborted) {
      throw new SsmError("ABORTED", "The demonstration was stopped on request");
    }
    return new ObservedProcess(
      name,
      selfCommand(["--config", config, ...options]),
      { signal: this.#signal },
    );
  }

  #tell(title: string, lines: readonly string[]): void {
    this.#terminal.out(`${++this.#step}. ${title}`);
    for (const line of lines) this.#terminal.out(`     ${line}`);
  }

  #farewell(site: DemoSite, seconds: number): void {
    const ssm = Deno.build.standalone ? "ssm" : "deno task ssm";
    const { receive, send } = this.#protocol.commands;
    const lines = [
      "",
      `All of it happened, in ${seconds.toFixed(1)} s. Look around:`,
      `  find ${site.received}`,
      `  less ${join(site.directory, "receiver.log")}`,
      "Try next, each in a terminal of its own:",
      `  ${ssm} broker --config ${site.brokerConfig}`,
      `  ${ssm} ${receive} --config ${site.receiverConfig}`,
      `  ${ssm} ${send} --config ${site.senderConfig}`,
      `Remove it: rm -r ${site.directory}`,
    ];
    for (const line of lines) this.#terminal.out(line);
  }
}

/** Waits until the receiver has found a place for so many messages, whichever. */
async function filed(count: number, receiver: ObservedProcess): Promise<void> {
  const saved = "Message saved to ";
  await receiver.until(
    () =>
      receiver.lines.filter((line) => line.includes(saved)).length >= count ||
      undefined,
    `${count} times "${saved}"`,
  );
}

async function expectStatus(
  who: string,
  status: Promise<number>,
  wanted: number = EXIT.ok,
): Promise<void> {
  const code = await status;
  expect(code === wanted, `the ${who} ended with status ${code}`);
}

/** The name under which these bytes were sent. */
function nameOf(
  body: Uint8Array,
  files: ReadonlyMap<string, DemoFile>,
): string | undefined {
  for (const [name, { bytes }] of files) {
    if (equalBytes(bytes, body)) return name;
  }
  return undefined;
}

function row(name: string, bytes: Uint8Array, note: string): string {
  return `${name}  ${String(bytes.length).padStart(6)} bytes  ${note}`;
}

function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) {
    throw new SsmError("SPOOL", `The demonstration failed: ${otherwise}`);
  }
}
