/**
 * Our side of SSM1: the real program with an SSM1 file, and its directories.
 *
 * @module
 */
import {
  type Outcome,
  Running,
  ssm,
  ssmCommand,
} from "../../../kit/programs/program.ts";
import { iniText, type Section, type Sections } from "../../../kit/ini_text.ts";
import type { Credentials } from "../../../peers/openssl/openssl.ts";
import { filesIn } from "../../../peers/ssm1/peer.ts";
import { CONSUMER_DN, type Stage } from "./stage.ts";

/** 20 MB on a busy machine; less than {@linkcode PATIENT}. */
const RUN_TIMEOUT_MS = 90_000;

/** An `ack-timeout`, in seconds, that no test would survive. */
export const PATIENT = { "ack-timeout": 600 };

/** A configuration of ours and the directories it names. */
export class Ours {
  /** Where incoming, outgoing, ack and reject are. */
  readonly path: string;
  readonly #config: string;

  /** Writes the configuration of a process with that certificate, and these sections more. */
  constructor(
    stage: Stage,
    name: string,
    { as, port = stage.port, ...more }: {
      as: Credentials;
      port?: number | undefined;
      sections: readonly Sections[];
    },
  ) {
    this.path = `${stage.dir}/${name}`;
    this.#config = `${this.path}.cfg`;
    Deno.mkdirSync(`${this.path}/outgoing`, { recursive: true });
    const sections = [{
      broker: {
        ...{ host: "localhost", port },
        ...{ "use-ssl": "false", "use-pwd": "false" },
      },
      certificates: {
        certificate: as.certificatePath,
        key: as.keyPath,
        cadir: stage.pki.caPath,
      },
      messagedb: { path: this.path, test: "false", "min-file-age": 0 },
      logging: {
        logfile: `${this.path}.log`,
        ...{ level: "DEBUG", console: "true" },
      },
      pidfile: { pidfile: `${this.path}.pid` },
    }, ...more.sections];
    Deno.writeTextFileSync(this.#config, iniText(...sections));
  }

  /** Puts files into outgoing. */
  async drop(files: Readonly<Record<string, string | Uint8Array>>) {
    for (const [name, content] of Object.entries(files)) {
      const path = `${this.path}/outgoing/${name}`;
      if (typeof content === "string") await Deno.writeTextFile(path, content);
      else await Deno.writeFile(path, content);
    }
  }

  /** Runs once. */
  async run(): Promise<Outcome> {
    const timeoutMs = RUN_TIMEOUT_MS;
    return await ssm(["--config", this.#config], { timeoutMs });
  }

  /** Runs on; killed on disposal. */
  start(): Running {
    return new Running(ssmCommand(["--config", this.#config, "-d"]));
  }

  /** Runs on, as a consumer that has subscribed. */
  async consume(): Promise<Running> {
    const running = this.start();
    try {
      await running.line(/Subscribing to: \/(topic|queue)\/accounting/);
      return running;
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The files of one of its directories. */
  async files(
    directory: "incoming" | "outgoing" | "ack" | "reject",
  ): Promise<Map<string, Uint8Array>> {
    return await filesIn(`${this.path}/${directory}`);
  }

  /** The files in incoming: of each its bytes and its `.sig`, as text. */
  async stored(): Promise<{ body: Uint8Array; sig: string }[]> {
    const files = await this.files("incoming");
    return [...files].filter(([name]) => !name.endsWith(".sig"))
      .map(([name, body]) => ({
        body,
        sig: new TextDecoder().decode(files.get(`${name}.sig`)),
      }));
  }
}

/** One of ours that sends as `pki.host`; `changes` are to its section. */
export function ourProducer(
  stage: Stage,
  changes: Section = {},
  { name = "our-producer", as = stage.pki.host, more = {}, port }: {
    name?: string;
    as?: Credentials;
    more?: Sections;
    port?: number;
  } = {},
): Ours {
  const producer = {
    topic: stage.topic,
    "consumer-dn": CONSUMER_DN,
    ack: stage.ackQueue(name),
    ...changes,
  };
  return new Ours(stage, name, { as, port, sections: [{ producer }, more] });
}

/** One of ours that receives as `pki.server`. */
export function ourConsumer(
  stage: Stage,
  { more = {}, port }: { more?: Sections; port?: number } = {},
): Ours {
  const consumer = {
    topic: stage.topic,
    "valid-dns": stage.dns,
    "read-valid-dns": 10,
  };
  const { server: as } = stage.pki;
  const sections = [{ consumer }, more];
  return new Ours(stage, "our-consumer", { as, port, sections });
}
