/**
 * A site in a temporary directory: configuration files, spools, a log.
 *
 * @module
 */
import { encodePem } from "../../../lib/asn1/mod.ts";
import { DirqSimple } from "../../../lib/spool/mod.ts";
import { CRAFT_KEY, craftCertificate } from "../pki/craft_certificate.ts";
import { type Credentials, openssl } from "../../peers/openssl/openssl.ts";
import { iniText, type Section, type Sections } from "../ini_text.ts";
import { type Part, sharedServer, testWith } from "../../peers/parts.ts";
import { type TestPki, testPki } from "../pki/test_pki.ts";
import { namesIn } from "../disk/directories.ts";

/** A site, removed on disposal. */
export class Site implements AsyncDisposable {
  readonly dir: string;
  readonly pki: TestPki;

  private constructor(dir: string, pki: TestPki) {
    this.dir = dir;
    this.pki = pki;
  }

  /** Lays it out: an empty dirq outgoing, a DN list that allows `pki.ec`. */
  static async make(pki: TestPki): Promise<Site> {
    const site = new Site(await Deno.makeTempDir({ prefix: "site-" }), pki);
    await Deno.mkdir(site.outgoing);
    await site.write("dns", "/C=UK/O=Test/CN=ec.example.org\n");
    return site;
  }

  /** Another one with the same PKI. */
  async another(): Promise<Site> {
    return await Site.make(this.pki);
  }

  get outgoing(): string {
    return `${this.dir}/outgoing`;
  }

  /** Where `incoming` and `reject` are. */
  get received(): string {
    return `${this.dir}/received`;
  }

  get pidfile(): string {
    return `${this.dir}/ssm.pid`;
  }

  get logfile(): string {
    return `${this.dir}/ssm.log`;
  }

  /** Writes a file of the site; returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = `${this.dir}/${name}`;
    await Deno.writeTextFile(path, text);
    return path;
  }

  /** Drops messages into outgoing; returns their names. */
  async drop(...messages: (string | Uint8Array)[]): Promise<string[]> {
    const spool = new DirqSimple(this.outgoing);
    const names: string[] = [];
    for (const message of messages) {
      const bytes = typeof message === "string"
        ? new TextEncoder().encode(message)
        : message;
      names.push(await spool.add(bytes));
    }
    return names;
  }

  /** A certificate of X.509 version 1, signed by itself, with its key. */
  async version1(): Promise<Credentials> {
    const certificatePem = encodePem(
      "CERTIFICATE",
      craftCertificate({ version: null }),
    );
    const keyPem = String(CRAFT_KEY.export({ type: "pkcs8", format: "pem" }));
    const keyPath = await this.write("version1.key", keyPem);
    await Deno.chmod(keyPath, 0o600);
    const certificatePath = await this.write("version1.pem", certificatePem);
    return { certificatePem, keyPem, certificatePath, keyPath };
  }

  /** A text as a sender seals it who does not encrypt. */
  async sign(
    { certificatePath, keyPath }: Credentials,
    text: string,
  ): Promise<string> {
    const sealed = await openssl(
      [
        "smime",
        "-sign",
        "-text",
        "-signer",
        certificatePath,
        "-inkey",
        keyPath,
      ],
      { stdin: text },
    );
    return new TextDecoder().decode(sealed);
  }

  /** What waits in outgoing. */
  async waiting(): Promise<string[]> {
    return await new DirqSimple(this.outgoing).list();
  }

  /** The files of `incoming` or `reject`, as text, element by element in their order. */
  async elements(
    queue: "incoming" | "reject",
  ): Promise<Record<string, string>[]> {
    const elements: Record<string, string>[] = [];
    const base = `${this.received}/${queue}`;
    for (const directory of namesIn(base)) {
      if (!/^[0-9a-f]{8}$/.test(directory)) continue;
      for (const name of namesIn(`${base}/${directory}`)) {
        const path = `${base}/${directory}/${name}`;
        const fields: Record<string, string> = {};
        for (const field of namesIn(path)) {
          fields[field] = await Deno.readTextFile(`${path}/${field}`);
        }
        elements.push(fields);
      }
    }
    return elements;
  }

  /** The lines of the log, without their times: `ssmsend - INFO - message`. */
  async log(): Promise<string[]> {
    const text = await Deno.readTextFile(this.logfile);
    return text.trimEnd().split("\n").map((line) => {
      const [, rest] = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (.*)$/
        .exec(line) ?? [];
      if (rest === undefined) throw new Error(`No line of a log: ${line}`);
      return rest;
    });
  }

  /** The configuration of a sender as `pki.ec`, with these changes; returns its path. */
  async sender(port: number, changes: Sections = {}): Promise<string> {
    return await this.#config("sender.cfg", {
      sender: { protocol: "STOMP" },
      broker: { host: "localhost", port, use_ssl: "false" },
      certificates: this.identity(this.pki.ec),
      messaging: { destination: "/queue/test", path: this.outgoing },
      logging: { logfile: this.logfile, level: "INFO", console: "false" },
    }, changes);
  }

  /**
   * The configuration of a sender to a topic `topic` of a project `project` as
   * `pki.ec`, by certificate, at a service of one's own, with these changes;
   * returns its path.
   */
  async amsSender(port: number, changes: Sections = {}): Promise<string> {
    return await this.#config("sender.cfg", {
      sender: { protocol: "AMS" },
      broker: { host: `localhost:${port}`, authn_port: port },
      certificates: this.identity(this.pki.ec),
      messaging: {
        ams_project: "project",
        destination: "topic",
        path: this.outgoing,
      },
      logging: { logfile: this.logfile, level: "INFO", console: "false" },
    }, changes);
  }

  /**
   * The configuration of a receiver from a subscription `subscription` as
   * `pki.server`, otherwise as {@linkcode amsSender}; returns its path.
   */
  async amsReceiver(port: number, changes: Sections = {}): Promise<string> {
    return await this.receiver(port, {
      receiver: { protocol: "AMS" },
      ...changes,
      broker: {
        host: `localhost:${port}`,
        port: undefined,
        use_ssl: undefined,
        authn_port: port,
        ...changes["broker"],
      },
      messaging: {
        ams_project: "project",
        destination: "subscription",
        ...changes["messaging"],
      },
    });
  }

  /** The configuration of a receiver as `pki.server`, with these changes; returns its path. */
  async receiver(port: number, changes: Sections = {}): Promise<string> {
    return await this.#config("receiver.cfg", {
      receiver: { protocol: "STOMP" },
      broker: { host: "localhost", port, use_ssl: "false" },
      certificates: {
        ...this.identity(this.pki.server),
        check_crls: "false",
      },
      messaging: {
        destination: "/queue/test",
        path: this.received,
        dn_file: `${this.dir}/dns`,
      },
      // The lines that tests wait for.
      logging: { logfile: this.logfile, level: "INFO", console: "true" },
      daemon: { pidfile: this.pidfile },
    }, changes);
  }

  /** The keys of `[certificates]` that say who one is. */
  identity({ certificatePath, keyPath }: Credentials): Section {
    return {
      certificate: certificatePath,
      key: keyPath,
      capath: this.pki.caPath,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }

  async #config(
    name: string,
    sections: Sections,
    changes: Sections,
  ): Promise<string> {
    return await this.write(name, iniText(sections, changes));
  }
}

/** Registers tests that have a site each, and one PKI together; a test may need further parts. */
export function siteTests(): (
  name: string,
  fn: (site: Site) => Promise<void>,
  ...parts: readonly Part[]
) => void {
  const pki = sharedServer(["openssl"], testPki);
  return (name, fn, ...parts) =>
    testWith(["openssl", ...parts], name, async () => {
      await using site = await Site.make(pki());
      await fn(site);
    });
}
